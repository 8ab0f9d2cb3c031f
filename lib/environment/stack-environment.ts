import { AccessEnvironment } from "./access-environment";
import { ArtifactStore } from "../stores/artifact-store";
import { BackendStore } from "../stores/backend-store";
import { terraformVariable } from "./environment-variables";
import type { SecretName, VariableName } from "./environment-variables";
import { ValidationError } from "../values/errors";
import { refuseIgnored } from "./ignored-variables";
import type { MlflowStackProps } from "../stack/mlflow-stack";
import { Secret } from "../secrets/secret";
import { ServiceImage } from "../network/service-image";
import { Transfers } from "../gateway/transfers";

const S3_KEYS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] as const;

/**
 * The environment variables that decide what `main.ts` deploys. They are declared in `environment-variables.ts`.
 *
 * Presence of a secret declares a sensitive Terraform variable; its value goes to Terraform only, through
 * `terraformVariables()`.
 *
 * @jsii ignore
 */
export class StackEnvironment {
  private readonly access: AccessEnvironment;

  constructor(private readonly environment: { [name: string]: string | undefined }) {
    this.access = new AccessEnvironment((name) => this.value(name));
  }

  /** Id of the stack: MLFLOW_STACK, or `mlflow`. */
  public get stackId(): string {
    return this.value("MLFLOW_STACK") ?? "mlflow";
  }

  /** @throws ValidationError when a variable holds what cannot be deployed, or nothing would read it. */
  public props(): MlflowStackProps {
    refuseIgnored((name) => this.value(name));
    return {
      url: this.value("MLFLOW_URL"),
      auth: this.access.auth(),
      backendStore: this.backendStore(),
      artifactStore: this.artifactStore(),
      server: { image: this.image("MLFLOW_IMAGE") },
      gateway: {
        image: this.image("GATEWAY_IMAGE"),
        buildArguments: this.buildArguments(),
        tls: this.access.tls(),
        transfers: this.transfers(),
        accessLog: {
          volume: this.flag("ACCESS_LOG_VOLUME") ? {} : undefined,
          maskAddresses: this.flag("ACCESS_LOG_MASK_ADDRESSES"),
        },
      },
      network: { imageRegistry: this.value("IMAGE_REGISTRY") },
    };
  }

  /** The secrets, as variables of the environment of Terraform. */
  public terraformVariables(): { [name: string]: string } {
    const database = this.databaseUrl();
    const values: [SecretName, string | undefined][] = [
      ...this.access.secrets(),
      ["DB_URL", database && decodeURIComponent(database.password)],
      ...(this.hasS3() ? S3_KEYS : []).map((name): [SecretName, string | undefined] => [name, this.value(name)]),
    ];
    return Object.fromEntries(
      values.flatMap(([name, value]) => (value ? [[`TF_VAR_${terraformVariable(name)}`, value]] : [])),
    );
  }

  private backendStore(): BackendStore {
    const url = this.databaseUrl();
    if (!url) return BackendStore.postgres({ image: this.image("POSTGRES_IMAGE") });

    return BackendStore.external({
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? undefined : Number(url.port),
      database: decodeURIComponent(url.pathname.slice(1)),
      username: decodeURIComponent(url.username),
      password: secret("DB_URL"),
      sslMode: url.searchParams.get("sslmode") ?? undefined,
      caCertificate: this.value("DB_CA_CERTIFICATE"),
    });
  }

  private artifactStore(): ArtifactStore {
    if (!this.hasS3()) {
      return ArtifactStore.minio({
        image: this.image("MINIO_IMAGE"),
        console: this.flag("MINIO_CONSOLE"),
        s3Api: this.flag("MINIO_S3_API"),
      });
    }

    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "MLFLOW_S3_BUCKET"] as const) {
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

  private image(name: VariableName): ServiceImage | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : ServiceImage.registry(value);
  }

  // Docker takes these three for every build, and does not keep them in the image.
  private buildArguments(): { [name: string]: string } {
    const proxies: { [name: string]: string } = {};
    for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"] as const) {
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

  private flag(name: VariableName): boolean | undefined {
    const value = this.value(name);
    if (value !== undefined && value !== "true" && value !== "false") {
      throw new ValidationError("Flag", `${name} must be true or false, got: '${value}'`);
    }
    return value === undefined ? undefined : value === "true";
  }

  // an empty variable is how compose files and CI systems say "not set".
  private value(name: VariableName): string | undefined {
    const value = this.environment[name];
    return value === "" ? undefined : value;
  }
}

// presence of the environment variable declares the Terraform variable; the value goes to Terraform only.
function secret(name: SecretName): Secret {
  return Secret.variable(terraformVariable(name));
}
