import { ArtifactStore } from "./artifact-store";
import { AuthMethod } from "./auth-method";
import { BackendStore } from "./backend-store";
import { ValidationError } from "./errors";
import { brokenPasswordRule } from "./login-password";
import type { MlflowStackProps } from "./mlflow-stack";
import { Secret } from "./secret";
import { ServiceImage } from "./service-image";
import { Transfers } from "./transfers";

// which environment variable holds which secret, and the Terraform variable that takes its value.
const AUTH_PASSWORD = { variable: "auth_password" };
const DB_PASSWORD = { variable: "db_password" };
const S3_SECRETS: { [name: string]: { variable: string } } = {
  AWS_ACCESS_KEY_ID: { variable: "aws_access_key_id" },
  AWS_SECRET_ACCESS_KEY: { variable: "aws_secret_access_key" },
  AWS_SESSION_TOKEN: { variable: "aws_session_token" },
};

/**
 * The environment variables that decide what `main.ts` deploys.
 *
 * Presence of a secret declares a sensitive Terraform variable; its value goes to Terraform only, through
 * `terraformVariables()`.
 */
export class StackEnvironment {
  constructor(private readonly environment: { [name: string]: string | undefined }) {}

  /** Id of the stack: MLFLOW_STACK, or `mlflow`. */
  public get stackId(): string {
    return this.value("MLFLOW_STACK") ?? "mlflow";
  }

  /** @throws ValidationError when a variable holds what cannot be deployed. */
  public props(): MlflowStackProps {
    return {
      url: this.value("MLFLOW_URL"),
      auth: AuthMethod.basic({ username: this.value("AUTH_USERNAME"), password: this.authPassword() }),
      backendStore: this.backendStore(),
      artifactStore: this.artifactStore(),
      server: { image: this.image("MLFLOW_IMAGE") },
      gateway: {
        image: this.image("GATEWAY_IMAGE"),
        buildArguments: this.buildArguments(),
        transfers: this.transfers(),
      },
      network: { imageRegistry: this.value("IMAGE_REGISTRY") },
    };
  }

  /** The secrets, as variables of the environment of Terraform. */
  public terraformVariables(): { [name: string]: string } {
    const values: { [variable: string]: string | undefined } = {
      [AUTH_PASSWORD.variable]: this.value("AUTH_PASSWORD"),
      [DB_PASSWORD.variable]: this.databaseUrl() && decodeURIComponent(this.databaseUrl()?.password ?? ""),
    };
    if (this.hasS3()) {
      for (const [name, { variable }] of Object.entries(S3_SECRETS)) values[variable] = this.value(name);
    }
    return Object.fromEntries(
      Object.entries(values).flatMap(([variable, value]) => (value ? [[`TF_VAR_${variable}`, value]] : [])),
    );
  }

  private authPassword(): Secret | undefined {
    const password = this.value("AUTH_PASSWORD");
    if (password === undefined) return undefined;

    const broken = brokenPasswordRule(password);
    if (broken) throw new ValidationError("AuthPassword", `AUTH_PASSWORD is refused: ${broken}`);
    return Secret.variable(AUTH_PASSWORD.variable);
  }

  private backendStore(): BackendStore {
    const url = this.databaseUrl();
    if (!url) return BackendStore.postgres({ image: this.image("POSTGRES_IMAGE") });

    return BackendStore.external({
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? undefined : Number(url.port),
      database: decodeURIComponent(url.pathname.slice(1)),
      username: decodeURIComponent(url.username),
      password: Secret.variable(DB_PASSWORD.variable),
      sslMode: url.searchParams.get("sslmode") ?? undefined,
      caCertificate: this.value("DB_CA_CERTIFICATE"),
    });
  }

  private artifactStore(): ArtifactStore {
    if (!this.hasS3()) return ArtifactStore.minio({ image: this.image("MINIO_IMAGE") });

    const secret = (name: string) => Secret.variable(S3_SECRETS[name]?.variable ?? "");
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "MLFLOW_S3_BUCKET"]) {
      if (!this.value(name))
        throw new ValidationError("S3Environment", `${name} must be set to use an external S3 store`);
    }
    return ArtifactStore.s3({
      bucket: this.value("MLFLOW_S3_BUCKET") ?? "",
      prefix: this.value("MLFLOW_S3_PREFIX"),
      endpoint: this.value("MLFLOW_S3_ENDPOINT_URL"),
      caCertificate: this.value("MLFLOW_S3_CA_CERTIFICATE"),
      reachableByClients: this.flag("MLFLOW_S3_REACHABLE_BY_CLIENTS"),
      region: this.value("AWS_DEFAULT_REGION") ?? this.value("AWS_REGION"),
      accessKeyId: secret("AWS_ACCESS_KEY_ID"),
      secretAccessKey: secret("AWS_SECRET_ACCESS_KEY"),
      sessionToken: this.value("AWS_SESSION_TOKEN") ? secret("AWS_SESSION_TOKEN") : undefined,
    });
  }

  private transfers(): Transfers | undefined {
    const value = this.value("MLFLOW_TRANSFERS");
    if (value === undefined) return undefined;
    if (value === "direct") return Transfers.direct();
    if (value === "proxied") return Transfers.proxied();
    throw new ValidationError("Transfers", `MLFLOW_TRANSFERS must be direct or proxied, got: '${value}'`);
  }

  private hasS3(): boolean {
    return this.value("MLFLOW_S3_ENDPOINT_URL") !== undefined || this.value("MLFLOW_S3_BUCKET") !== undefined;
  }

  // never repeats the value: it holds a password.
  private databaseUrl(): URL | undefined {
    const value = this.value("DB_URL");
    if (value === undefined) return undefined;

    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (!url || !/^postgres(ql)?(\+\w+)?:$/.test(url.protocol)) {
      throw new ValidationError(
        "DatabaseUrl",
        "DB_URL must be the address of a PostgreSQL database, such as postgresql://user:password@host:5432/mlflow?sslmode=require",
      );
    }
    for (const [part, given] of Object.entries({
      host: url.hostname,
      user: url.username,
      password: url.password,
      database: url.pathname.slice(1),
    })) {
      if (!given)
        throw new ValidationError(
          "DatabaseUrl",
          `DB_URL must name a ${part}: postgresql://user:password@host:5432/mlflow`,
        );
    }
    for (const [name] of url.searchParams) {
      if (name !== "sslmode") {
        throw new ValidationError("DatabaseUrl", `DB_URL may have the parameter sslmode and no other, got: '${name}'`);
      }
    }
    return url;
  }

  private image(name: string): ServiceImage | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : ServiceImage.registry(value);
  }

  // Docker takes these three for every build, and does not keep them in the image.
  private buildArguments(): { [name: string]: string } {
    const proxies: { [name: string]: string } = {};
    for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]) {
      const value = this.value(name);
      if (value?.includes("@")) {
        throw new ValidationError(
          "ProxyCredentials",
          `${name} must not hold a user or password: it stands in the synthesized JSON`,
        );
      }
      if (value) proxies[name] = value;
    }
    return proxies;
  }

  private flag(name: string): boolean | undefined {
    const value = this.value(name);
    if (value !== undefined && value !== "true" && value !== "false") {
      throw new ValidationError("Flag", `${name} must be true or false, got: '${value}'`);
    }
    return value === undefined ? undefined : value === "true";
  }

  // an empty variable is how compose files and CI systems say "not set".
  private value(name: string): string | undefined {
    const value = this.environment[name];
    return value === "" ? undefined : value;
  }
}
