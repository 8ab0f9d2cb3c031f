import { authFrom } from "./auth-environment";
import { backupFrom } from "./backup-environment";
import { garbageCollectionFrom } from "./garbage-environment";
import { EnvironmentReader } from "./environment-reader";
import { terraformVariable } from "./environment-variables";
import type { SecretName } from "./environment-variables";
import { artifactStoreFrom, backendStoreFrom, storeSecrets } from "./store-environment";
import { bindingFrom, tlsFrom } from "./tls-environment";
import { rejectUnusedVariables } from "./unused-variables";
import { PROXY_VARIABLES } from "../network/build-proxies";
import { Transfers } from "../gateway/transfers";
import type { MlflowStackProps } from "../stack/mlflow-stack";
import { ValidationError } from "../values/errors";

const SECRETS = [
  "AUTH_PASSWORD",
  "OAUTH2_CLIENT_SECRET",
  "TLS_PRIVATE_KEY",
  "BACKUP_PASSPHRASE",
  "BACKUP_ACCESS_KEY_ID",
  "BACKUP_SECRET_ACCESS_KEY",
  "BACKUP_SSH_KEY",
] as const satisfies SecretName[];

/**
 * The environment variables that decide what `main.ts` deploys. `environment-variables.ts` declares them.
 *
 * A secret that is set declares a sensitive Terraform variable. Its value goes to Terraform only, through
 * `terraformVariables()`.
 *
 * @jsii ignore
 */
export class StackEnvironment {
  private readonly reader: EnvironmentReader;

  constructor(environment: { [name: string]: string | undefined }) {
    this.reader = new EnvironmentReader(environment);
  }

  /** Id of the stack: MLFLOW_STACK, or `mlflow`. */
  public get stackId(): string {
    return this.reader.value("MLFLOW_STACK") ?? "mlflow";
  }

  /** @throws ValidationError when a variable has an invalid value, or would have no effect. */
  public props(): MlflowStackProps {
    const { reader } = this;
    rejectUnusedVariables(reader);
    rejectProxyCredentials(reader);
    return {
      url: reader.value("MLFLOW_URL"),
      auth: authFrom(reader),
      backendStore: backendStoreFrom(reader),
      artifactStore: artifactStoreFrom(reader),
      server: { image: reader.image("MLFLOW_IMAGE"), garbageCollection: garbageCollectionFrom(reader) },
      gateway: {
        image: reader.image("GATEWAY_IMAGE"),
        tls: tlsFrom(reader),
        binding: bindingFrom(reader),
        httpRedirect: reader.flag("MLFLOW_HTTP_REDIRECT"),
        transfers: transfersFrom(reader),
        accessLog: {
          volume: reader.flag("ACCESS_LOG_VOLUME") ? {} : undefined,
          maskAddresses: reader.flag("ACCESS_LOG_MASK_ADDRESSES"),
        },
      },
      backup: backupFrom(reader),
      network: { imageRegistry: reader.value("IMAGE_REGISTRY") },
    };
  }

  /** The secrets, and the proxies for builds, as `TF_VAR_…` variables for the environment of Terraform. */
  public terraformVariables(): { [name: string]: string } {
    const values: [SecretName, string | undefined][] = [
      ...SECRETS.map((name): [SecretName, string | undefined] => [name, this.reader.value(name)]),
      ...storeSecrets(this.reader),
    ];
    return Object.fromEntries(
      [...values.map(([name, value]) => [terraformVariable(name), value] as const), ...proxies(this.reader)].flatMap(
        ([name, value]) => (value ? [[`TF_VAR_${name}`, value]] : []),
      ),
    );
  }
}

function transfersFrom(environment: EnvironmentReader): Transfers | undefined {
  const value = environment.value("MLFLOW_TRANSFERS");
  if (value === undefined) return undefined;
  if (value === "direct") return Transfers.direct();
  if (value === "proxied") return Transfers.proxied();
  throw new ValidationError("Transfers", `MLFLOW_TRANSFERS must be direct or proxied, got: '${value}'`);
}

const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"] as const;

/** The values of the Terraform variables with proxies. Those with a password stay out: a state would hold it. */
function proxies(environment: EnvironmentReader): (readonly [string, string | undefined])[] {
  return PROXIES.map((name) => [PROXY_VARIABLES[name], environment.value(name)] as const).filter(
    ([, value]) => !value?.includes("@"),
  );
}

function rejectProxyCredentials(environment: EnvironmentReader): void {
  const name = PROXIES.find((proxy) => environment.value(proxy)?.includes("@"));
  if (name === undefined) return;
  throw new ValidationError(
    "ProxyCredentials",
    `${name} must not hold a user or password: Terraform's state would hold its value`,
  );
}
