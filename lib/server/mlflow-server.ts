import { allowedHosts, allowedOrigins } from "./allowed-hosts";
import { ANSWER_MINUTES } from "../contract/gateway-settings";
import { DEFAULT_WORKSPACE } from "../contract/logins";
import { Port } from "../contract/ports";
import type { ServerSettings } from "../contract/server-settings";
import { SERVICE_NAME, STORES_FILE } from "../contract/store-identity";
import type { IdentitySettings } from "../contract/store-identity";
import { Lazy } from "cdktf";
import { Construct } from "constructs";
import { dumpJob } from "./dump-job";
import { enabledFeatures, featureEnvironment } from "./features";
import type { MlflowServerOptions } from "./mlflow-server-options";
import { validateMlflowSettings } from "./mlflow-settings";
import { garbageService } from "./garbage-collection";
import { GATEWAY_ONLY, MODULES_ENVIRONMENT, pooled, pythonModules } from "./python-modules";
import { SECRETS_FILE, serverSecrets } from "./secrets-file";
import { hasDirectEgress, serverEgress } from "./server-egress";
import { ONE_PROCESS, serverSize } from "./server-size";
import { HEALTH, METRICS, MLFLOW_COMMAND, START, TEMPORARY } from "./server-start";
import { workspacesJob } from "./workspaces-job";
import { ContainerRole } from "../contract/container-roles";
import { gatewayKeyFile } from "../gateway/upstream";
import type { IUpstream, UpstreamGateway } from "../gateway/upstream";
import { HealthCheck } from "../network/health-check";
import { ServiceImage } from "../network/service-image";
import type { IJob, IServiceNetwork, JobSpec } from "../network/service-network";
import { Secret } from "../secrets/secret";
import type { SecretValue } from "../secrets/secret";
import { stackIdentity } from "../stores/stack-identity";
import type { IArtifactStore, IBackendStore, TransferTarget } from "../stores/store";
import { storesFile } from "../stores/store-identity";
import { Duration } from "../values/duration";
import { ValidationError } from "../values/errors";
import { physicalName } from "../values/physical-name";
import { RELEASES, imageName } from "../values/releases";

const USER = "1000:1000";
// The password is in the file of a libpq service, not in this address.
const DATABASE = `postgresql+psycopg2:///?service=${SERVICE_NAME}`;
// The sources that a model version may have: those that MLflow itself keeps, and its placeholders for prompts. MLflow
// would read any other source with its own rights.
const MODEL_SOURCES = "^(runs:|models:|mlflow-artifacts:|(prompt-template|dummy-source)$)";
// Five minutes, like the gateway's response timeout, so that an abandoned query releases its connection. Not for
// external databases: a pooler may refuse PGOPTIONS.
const QUERY_TIME = { PGOPTIONS: `-c statement_timeout=${ANSWER_MINUTES}min` } satisfies ServerSettings;

/** Properties of an `MlflowServer`. */
export interface MlflowServerProps extends MlflowServerOptions {
  /** The network to run on. The port is open there only, and without a login. */
  readonly network: IServiceNetwork;

  /** The database for experiments, runs and models. */
  readonly backendStore: IBackendStore;

  /** The store for files. */
  readonly artifactStore: IArtifactStore;
}

/**
 * The MLflow tracking server and model registry, and the job that migrates its database before it starts. Another job dumps
 * the database before; `mlflow-stack rollback` restores the dump. The last three dumps stay, on a volume.
 *
 * The job marks database and bucket as belonging to this server, and fails on those of another server. The server
 * starts only on stores with its mark and on the schema of its own release, and stops when the mark is gone. With
 * `garbageCollection`, a service beside it deletes for good what users have deleted.
 *
 * It has no login of its own: put an `AuthGateway` in front. It answers only requests with the key of its gateways, and
 * only to their host names and to `hostNames`. Health check and metrics need no key.
 *
 * @throws ValidationError when a number is out of range, the pools exceed the store's connection limit, the memory is
 * too small for the workers, a setting would break the stack, or a feature lacks a setting that it needs.
 */
export class MlflowServer extends Construct implements IUpstream {
  /** The default image of a server: MLflow's own, of the release in docs/releases.md. */
  public static defaultImage(): ServiceImage {
    return ServiceImage.registry(imageName(RELEASES.mlflow));
  }

  public readonly hostname: string;
  public readonly port: number = Port.MLFLOW;
  public readonly transferTarget?: TransferTarget;
  public readonly consoleAddress?: string;
  public readonly s3ApiAddress?: string;
  public readonly features: string[];

  /** The server answers only requests with this value in the header `X-Gateway-Key`, which its gateways set. */
  public readonly gatewayKey?: SecretValue;

  /** What MLflow encrypts values in its database with, by the name of its setting. A backup needs it. */
  public readonly encryptionSecrets: { [name: string]: SecretValue };

  /** The job that migrates the database, for services of yours that start after it. */
  public readonly migration: IJob;

  /** Number of worker processes. */
  public readonly workers: number;

  /** Address of the metrics for services on the same network, while `features.metrics` is on. */
  public readonly metricsUrl?: string;

  readonly #network: IServiceNetwork;
  readonly #hostNames: string[];
  readonly #gateways: UpstreamGateway[] = [];
  readonly #workspacesJob: Omit<JobSpec, "entrypoint" | "args" | "errorMessage">;

  constructor(scope: Construct, id: string, props: MlflowServerProps) {
    super(scope, id);

    const { network, backendStore, artifactStore, features = {} } = props;
    const { workers, memory, pool } = serverSize(props, backendStore.connectionLimit, this);
    validateMlflowSettings(
      { ...props.environment, ...props.secretEnvironment } as { [name: string]: string },
      props.flags ?? [],
      this,
    );

    const image = props.image ?? MlflowServer.defaultImage();
    const database = backendStore.clientSettings;
    const artifacts = artifactStore.clientSettings;
    const stores = {
      environment: {
        ...PROCESS_ENVIRONMENT,
        ...database.environment,
        ...artifacts.environment,
        MLFLOW_ARTIFACTS_DESTINATION: artifactStore.destination,
        STACK_IDENTITY: stackIdentity(this, artifactStore),
      } satisfies ServerSettings & IdentitySettings,
      files: [...database.files, ...artifacts.files, storesFile()],
    };

    const clients = [database, artifacts];
    const isDirect = hasDirectEgress(clients);
    const egress = serverEgress(this, network, features, props.egress ?? {}, clients);
    const proxy = egress ? [egress.entry] : [];

    const hostname = network.hostnameOf(scope, id);
    const dump = network.addJob(this, "dump", dumpJob(this, { network, backendStore, image, hostname }, proxy));
    this.migration = network.addJob(this, "migration", {
      role: ContainerRole.MIGRATION_JOB,
      ...stores,
      image,
      entrypoint: ["python", STORES_FILE, "migrate"],
      args: [...MLFLOW_COMMAND, "db", "upgrade", DATABASE],
      user: USER,
      memory: ONE_PROCESS,
      egress: isDirect,
      dependsOn: [
        dump,
        ...database.dependsOn,
        ...artifacts.dependsOn,
        ...(clients.some(({ hosts }) => hosts) ? proxy : []),
      ],
      triggers: [...database.triggers, ...artifacts.triggers],
      errorMessage: "The database could not be brought up to date, so the server was not started.",
    });

    this.#workspacesJob = {
      role: ContainerRole.WORKSPACES_JOB,
      image,
      environment: { ...PROCESS_ENVIRONMENT, ...database.environment },
      files: database.files,
      user: USER,
      memory: ONE_PROCESS,
      egress: database.external && isDirect,
      dependsOn: [this.migration],
      triggers: database.triggers,
    };

    const secrets = serverSecrets(this, props.secretEnvironment ?? {});
    const gatewayKey = Secret.generated().bind(this, "gateway-key");
    this.gatewayKey = gatewayKey;
    this.encryptionSecrets = secrets.encryption;
    this.#network = network;
    this.#hostNames = props.hostNames ?? [];
    // Services that read the metrics reach the server directly, not through the gateway.
    const internalNames = features.metrics ? [hostname] : [];
    const service = network.addService(this, "Default", {
      role: ContainerRole.SERVER,
      image,
      entrypoint: ["/bin/sh", "-c", START, "mlflow"],
      args: ["--env-file", SECRETS_FILE, "server", ...GATEWAY_ONLY, ...(props.flags ?? [])],
      environment: {
        ...stores.environment,
        MIGRATION_JOB: physicalName(this, "migration"),
        TMPDIR: TEMPORARY,
        ...(!database.external && QUERY_TIME),
        ...MODULES_ENVIRONMENT,
        MLFLOW_BACKEND_STORE_URI: pooled(DATABASE),
        MLFLOW_SERVE_ARTIFACTS: "true",
        MLFLOW_HOST: "0.0.0.0",
        MLFLOW_PORT: String(Port.MLFLOW),
        MLFLOW_WORKERS: String(workers),
        MLFLOW_SQLALCHEMYSTORE_POOL_SIZE: String(pool.size),
        MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW: String(pool.overflow),
        // Gateways are added after the server, before the stack is synthesized.
        MLFLOW_SERVER_ALLOWED_HOSTS: Lazy.stringValue({
          produce: () => allowedHosts(this.#gateways, this.#hostNames, internalNames),
        }),
        MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: Lazy.stringValue({
          produce: () => allowedOrigins(this.#gateways, this.#hostNames),
        }),
        ...featureEnvironment(features, METRICS),
        MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX: MODEL_SOURCES,
        // Empty, or the first call of several features would wait for a list from the internet.
        MLFLOW_MODEL_CATALOG_URI: "",
        // The gateway logs every request, with its user.
        MLFLOW_UVICORN_OPTS: "--no-access-log",
        ...props.environment,
      } satisfies ServerSettings & IdentitySettings,
      files: [...stores.files, ...pythonModules(), secrets.file, gatewayKeyFile(gatewayKey)],
      volumes: props.temporaryVolume && [
        {
          volume: network.addVolume(this, "tmp", props.temporaryVolume),
          path: "/tmp",
        },
      ],
      user: USER,
      memory,
      egress: isDirect,
      healthCheck: HealthCheck._restarting(["python", "-ISc", HEALTH], props.healthCheck),
      stopGrace: Duration.seconds(30),
      dependsOn: [this.migration, ...proxy],
    });

    if (props.garbageCollection) {
      const asTheServer = {
        image,
        environment: {
          ...stores.environment,
          ...(features.workspaces && { MLFLOW_ENABLE_WORKSPACES: "true" }),
          MIGRATION_JOB: physicalName(this, "migration"),
          MLFLOW_BACKEND_STORE_URI: DATABASE,
        } satisfies ServerSettings & IdentitySettings,
        files: stores.files,
        user: USER,
        egress: isDirect,
        dependsOn: [this.migration, ...proxy],
      };
      network.addService(this, "gc", garbageService(this, props.garbageCollection, asTheServer));
    }

    this.hostname = service.hostname;
    this.workers = workers;
    this.features = enabledFeatures(features);
    if (features.metrics) this.metricsUrl = `http://${this.hostname}:${Port.MLFLOW}/metrics`;
    this.transferTarget = artifactStore.transferTarget;
    this.consoleAddress = artifactStore.consoleAddress;
    this.s3ApiAddress = artifactStore.s3ApiAddress;
  }

  /**
   * Called by each gateway in front. The server accepts requests for its host names, and creates the workspaces of its
   * users by a job after the migration, unless they exist. No workspace is ever deleted.
   *
   * @throws ValidationError when two gateways have users with workspaces.
   */
  public addGateway(gateway: UpstreamGateway): void {
    const workspaces = gateway.workspaces.filter((name) => name !== DEFAULT_WORKSPACE).sort();
    if (workspaces.length > 0) {
      if (this.#gateways.some((other) => other.workspaces.some((name) => name !== DEFAULT_WORKSPACE))) {
        throw new ValidationError("WorkspacesTwice", "only one gateway may have users with a 'workspace'", this);
      }
      this.#network.addJob(this, "workspaces", { ...this.#workspacesJob, ...workspacesJob(DATABASE, workspaces) });
    }
    this.#gateways.push(gateway);
  }
}

// The user has no home folder of its own. One OpenBLAS thread a process, because the workers share the cores.
const PROCESS_ENVIRONMENT = {
  HOME: "/tmp",
  OPENBLAS_NUM_THREADS: "1",
  PYTHONDONTWRITEBYTECODE: "1",
} satisfies ServerSettings;
