import { join } from "node:path";
import { makePair } from "./certificate";
import { NODE_TYPESCRIPT } from "../repository";
import { GATEWAY_IMAGE } from "./gateway-container";
import { copyInto } from "../clients/network-client";
import { eventually, run, runOk } from "../run";

const [NODE = "", ...TYPESCRIPT] = NODE_TYPESCRIPT;
const PORT = 14000;

/** An ACME server that a test runs for itself; its validation asks the names of its own network. */
export class Pebble {
  /** Its address on the network. */
  public readonly directoryUrl = `https://pebble:${PORT}/dir`;

  private constructor(
    private readonly name: string,
    /** Certificate that it shows, in PEM form. */
    public readonly directoryCertificate: string,
  ) {}

  /** Builds it once and starts it on a network, where its name is `pebble`. */
  public static async start(network: string): Promise<Pebble> {
    const program = (await runOk(NODE, [...TYPESCRIPT, join(__dirname, "pebble", "build.ts")])).trim();
    const { certificate, privateKey } = makePair("pebble");
    const name = `${network}-pebble`;
    const configuration = {
      pebble: {
        ...{ listenAddress: `0.0.0.0:${PORT}`, httpPort: 80, tlsPort: 443 },
        ...{ certificate: "/pebble/certificate.pem", privateKey: "/pebble/key.pem" },
      },
    };
    await runOk("docker", [
      ...["create", "--name", name, "--network", network, "--network-alias", "pebble", "--user", "1000:1000"],
      // it waits seconds before each validation by default, and refuses some nonces on purpose.
      ...["--env", "PEBBLE_VA_NOSLEEP=1", "--env", "PEBBLE_WFE_NONCEREJECT=0", GATEWAY_IMAGE],
      ...["/pebble/pebble", "-config", "/pebble/config.json"],
    ]);
    await copyInto(name, {
      "/pebble/config.json": JSON.stringify(configuration),
      "/pebble/certificate.pem": certificate,
      "/pebble/key.pem": privateKey,
    });
    await runOk("docker", ["cp", program, `${name}:/pebble/pebble`]);
    await runOk("docker", ["start", name]);
    const pebble = new Pebble(name, certificate);
    await eventually("Pebble listens", 20, async () => (await pebble.log()).includes("Listening on"));
    return pebble;
  }

  /** How many certificates it has been asked for. */
  public async orders(): Promise<number> {
    return (await this.log()).split("POST /order-plz").length - 1;
  }

  private async log(): Promise<string> {
    const { stdout, stderr } = await run("docker", ["logs", this.name]);
    return stdout + stderr;
  }
}
