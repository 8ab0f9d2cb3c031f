import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createSign, generateKeyPairSync, randomBytes } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { makePair } from "./certificate";
import { NODE_TYPESCRIPT } from "../repository";
import { send } from "../clients/http-request";
import type { ServerSettings } from "./identity-provider-server";
import { hostAddress } from "./host-address";

/** Claims of people by the name they log in with, which is the subject too. */
export interface Accounts {
  readonly [login: string]: {
    readonly email?: string;
    readonly email_verified?: boolean;
    readonly groups?: readonly string[];
  };
}

/** Options of an `IdentityProvider`. */
export interface IdentityProviderOptions {
  readonly port: number;
  readonly accounts: Accounts;
  /** Addresses of the gateways, without a slash at their end. */
  readonly gateways: readonly string[];
  /** Further claims of machines' tokens, by the client id of the machine. */
  readonly machines: { readonly [client: string]: Record<string, unknown> };
}

/** Header and claims of a token. A claim that is undefined is left out. */
export interface TokenParts {
  readonly header?: { readonly [name: string]: unknown };
  readonly claims: { readonly [name: string]: unknown };
  /** @default - that of the issuer */
  readonly key?: KeyObject;
}

/**
 * A real issuer (npm `oidc-provider`) for one run of a test, at an address that browsers on this machine and containers
 * reach: that of Docker's default bridge.
 */
export class IdentityProvider {
  public static readonly CLIENT_ID = "mlflow-gateway";
  public static readonly AUDIENCE = "urn:mlflow";

  /** What browsers have asked for, in order. */
  public readonly authorizations: { readonly [name: string]: string }[] = [];

  public readonly clientSecret = randomBytes(24).toString("hex");

  private constructor(
    private readonly process: ChildProcess,
    public readonly issuer: string,
    /** Its certificate, in PEM form. */
    public readonly certificate: string,
    private readonly signingKey: KeyObject,
    public readonly publicKey: KeyObject,
  ) {}

  public static async start(options: IdentityProviderOptions): Promise<IdentityProvider> {
    const host = await hostAddress();
    const pair = makePair(host);
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const [node = "", ...loader] = NODE_TYPESCRIPT;
    const child = spawn(node, [...loader, join(__dirname, "identity-provider-server.ts")], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const issuer = `https://${host}:${options.port}`;
    const provider = new IdentityProvider(child, issuer, pair.certificate, privateKey, publicKey);
    const settings: ServerSettings = {
      ...{ host, port: options.port, ...pair, audience: IdentityProvider.AUDIENCE },
      ...{ accounts: options.accounts, machineClaims: options.machines },
      signingKey: { ...privateKey.export({ format: "jwk" }), kid: KEY_ID, alg: "RS256", use: "sig" },
      clients: [provider.gatewayClient(options.gateways), ...Object.keys(options.machines).map(provider.machineClient)],
    };
    await provider.begin(settings);
    return provider;
  }

  /** A token of a machine, as it gets it: by its client credentials. */
  public async machineToken(client: string): Promise<string> {
    const answer = await send(this.issuer, {
      method: "POST",
      path: "/token",
      headers: [
        ["Authorization", `Basic ${Buffer.from(`${client}:${this.clientSecret}`).toString("base64")}`],
        ["Content-Type", "application/x-www-form-urlencoded"],
      ],
      body: new URLSearchParams({ grant_type: "client_credentials", resource: IdentityProvider.AUDIENCE }).toString(),
    });
    const { access_token: token } = JSON.parse(answer.body.toString()) as { access_token?: string };
    if (token === undefined) throw new Error(`no token for ${client}: ${answer.body.toString()}`);
    return token;
  }

  /** Any token, right or wrong, by hand: no library signs what must be refused. */
  public sign({ header, claims, key }: TokenParts): string {
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: this.issuer, aud: IdentityProvider.AUDIENCE, iat: now, exp: now + 600, ...claims };
    const content = [{ alg: "RS256", kid: KEY_ID, typ: "JWT", ...header }, all].map(base64url).join(".");
    return `${content}.${createSign("RSA-SHA256")
      .update(content)
      .sign(key ?? this.signingKey, "base64url")}`;
  }

  public async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("close", resolve));
    if (this.process.exitCode === null && this.process.kill()) await ended;
  }

  private gatewayClient(gateways: readonly string[]): object {
    return {
      client_id: IdentityProvider.CLIENT_ID,
      client_secret: this.clientSecret,
      redirect_uris: gateways.map((url) => `${url}/oauth2/callback`),
      post_logout_redirect_uris: gateways.map((url) => `${url}/oauth2/signed_out`),
    };
  }

  private readonly machineClient = (client: string): object => ({
    client_id: client,
    client_secret: this.clientSecret,
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
  });

  private begin(settings: ServerSettings): Promise<void> {
    return new Promise((resolve, reject) => {
      let complaints = "";
      this.process.stderr?.on("data", (chunk) => (complaints += chunk));
      this.process.once("error", reject);
      this.process.once("close", (code) => reject(new Error(`the issuer ended with ${code}:\n${complaints}`)));
      this.process.on("message", (message: { ready?: true; authorization?: { [name: string]: string } }) => {
        if (message.ready) resolve();
        if (message.authorization) this.authorizations.push(message.authorization);
      });
      this.process.send(settings);
    });
  }
}

const KEY_ID = "signing-key-of-the-test";

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
