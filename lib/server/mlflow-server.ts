import { Construct } from "constructs";
import { ContainerRole } from "../contract/container-roles";
import { POOL_ENVIRONMENT, connectionPoolFiles, pooled } from "./connection-pool-files";
import { Duration } from "../values/duration";
import { featuresOn } from "./features-on";
import { featureSettings } from "./feature-settings";
import { HealthCheck } from "../network/health-check";
import type { MlflowServerOptions } from "./mlflow-server-options";
import { validateMlflowSettings } from "./mlflow-settings";
import { physicalName } from "../values/physical-name";
import { SERVICE_NAME } from "../stores/postgres-client";
import { PublicUrl } from "../values/public-url";
import { RELEASES, imageName } from "../values/releases";
import { Secret } from "../secrets/secret";
import { serverEgress } from "./server-egress";
import { ONE_PROCESS, serverSize } from "./server-size";
import { ServiceImage } from "../network/service-image";
import type { IServiceNetwork, ServiceFile } from "../network/service-network";
import { stackIdentity } from "../stores/stack-identity";
import type { IArtifactStore, IBackendStore, TransferTarget } from "../stores/store";
import { STORES_FILE, StoresVerdict, storesFile } from "../stores/store-identity";
import { secretText } from "../secrets/terraform-text";
import type { IUpstream } from "../gateway/upstream";
import { workspacesJob } from "./workspaces-job";

const PORT = 5000;
const USER = "1000:1000";
const SECRETS_FILE = "/run/secrets/mlflow.env";
// a libpq service, so that the address holds no password.
const DATABASE = `postgresql+psycopg2:///?service=${SERVICE_NAME}`;
// files on their way through MLflow; what a killed worker left there goes with the next start.
const TEMPORARY = "/tmp/mlflow";
// of all workers together; emptied with the rest, so that what a former process counted is not added for ever.
const METRICS = `${TEMPORARY}/metrics`;
// a server whose stores become others' ends, and does not start again on them.
const START = `python ${STORES_FILE} start && rm -rf ${TEMPORARY} && mkdir ${TEMPORARY} || exit
while sleep 30; do
  said=$(python ${STORES_FILE} check 2>&1) || [ $? -ne ${StoresVerdict.OTHER_STORES} ] || { echo "$said" >&2; kill 1; }
done &
exec mlflow "$@"`;
// where a model version may come from: what MLflow itself keeps, and the words it puts in place of a source for prompts.
// From anywhere else it would read with its own rights.
const MODEL_SOURCES = "^(runs:|models:|mlflow-artifacts:|(prompt-template|dummy-source)$)";
// as long as the gateway waits for an answer: a query that nobody waits for any more gives its connection back. Not where
// a pooler in front of a database of somebody else may refuse the option.
const QUERY_TIME = { PGOPTIONS: "-c statement_timeout=5min" };
const HEALTH = `import urllib.request as u; u.urlopen("http://127.0.0.1:${PORT}/health", timeout=4)`;

/** Properties of an `MlflowServer`. */
export interface MlflowServerProps extends MlflowServerOptions {
  /** The network to run on. The port is open there, without any login, and nowhere else. */
  readonly network: IServiceNetwork;

  /** Where records are kept. */
  readonly backendStore: IBackendStore;

  /** Where files are kept. */
  readonly artifactStore: IArtifactStore;

  /** The address under which users reach the server: that of the gateway. */
  readonly url: string;
}

/**
 * The MLflow tracking server and model registry, and the job that brings its database up to date before it starts.
 *
 * The job marks database and bucket as those of this server, and refuses those of another. The server starts on nothing
 * else, nor on a schema that is not its release's, and ends when they are not its own any more.
 *
 * It has no login of its own: put an `AuthGateway` in front.
 *
 * @throws ValidationError when a number is out of range, the pools exceed the store's connection limit, the memory does
 * not suffice for the workers, a setting would break the stack, or a feature lacks what it needs.
 */
export class MlflowServer extends Construct implements IUpstream {
  /** The image of MLflow that a server has by default: MLflow's own, of the release in docs/releases.md. */
  public static defaultImage(): ServiceImage {
    return ServiceImage.registry(imageName(RELEASES.mlflow));
  }

  public readonly hostname: string;
  public readonly port = PORT;
  public readonly transferTarget?: TransferTarget;
  public readonly consoleAddress?: string;
  public readonly s3ApiAddress?: string;
  public readonly features?: string[];

  /** Number of worker processes. */
  public readonly workers: number;

  /** Where services on the same network read the metrics, while `features.metrics` is on. */
  public readonly metricsUrl?: string;

  readonly #addWorkspacesJob: (names: string[]) => void;

  constructor(scope: Construct, id: string, props: MlflowServerProps) {
    super(scope, id);

    const { network, backendStore, artifactStore, features = {} } = props;
    const url = PublicUrl.parse(props.url, this);
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
      },
      files: [...database.files, ...artifacts.files, storesFile()],
    };

    const external = database.external || artifacts.external;
    const wayOut = serverEgress(this, network, features, props.egress ?? {}, external);

    const migration = network.addJob(this, "migration", {
      role: ContainerRole.MIGRATION_JOB,
      ...stores,
      image,
      entrypoint: ["python", STORES_FILE, "migrate"],
      args: ["mlflow", "db", "upgrade", DATABASE],
      user: USER,
      memory: ONE_PROCESS,
      egress: external,
      dependsOn: [...database.dependsOn, ...artifacts.dependsOn],
      triggers: [...database.triggers, ...artifacts.triggers],
      errorMessage: "The database could not be brought up to date, so the server was not started.",
    });

    this.#addWorkspacesJob = (names) =>
      network.addJob(this, "workspaces", {
        role: ContainerRole.WORKSPACES_JOB,
        image,
        ...workspacesJob(DATABASE, names),
        environment: { ...PROCESS_ENVIRONMENT, ...database.environment },
        files: database.files,
        user: USER,
        memory: ONE_PROCESS,
        egress: database.external,
        dependsOn: [migration],
        triggers: database.triggers,
      });

    const names = [url.hostname, ...(url.local ? ["127.0.0.1"] : []), ...(props.hostNames ?? [])];
    // who reads the metrics asks past the gateway.
    const insideNames = features.metrics ? [network.hostnameOf(this.node.scope as Construct, id)] : [];
    const service = network.addService(this, "Default", {
      role: ContainerRole.SERVER,
      image,
      entrypoint: ["/bin/sh", "-c", START, "mlflow"],
      args: ["--env-file", SECRETS_FILE, "server", ...(props.flags ?? [])],
      environment: {
        ...stores.environment,
        MIGRATION_JOB: physicalName(this, "migration"),
        TMPDIR: TEMPORARY,
        ...(!database.external && QUERY_TIME),
        ...POOL_ENVIRONMENT,
        MLFLOW_BACKEND_STORE_URI: pooled(DATABASE),
        MLFLOW_SERVE_ARTIFACTS: "true",
        MLFLOW_HOST: "0.0.0.0",
        MLFLOW_PORT: String(PORT),
        MLFLOW_WORKERS: String(workers),
        MLFLOW_SQLALCHEMYSTORE_POOL_SIZE: String(pool.size),
        MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW: String(pool.overflow),
        MLFLOW_SERVER_ALLOWED_HOSTS: [...names, ...insideNames].flatMap((name) => [name, `${name}:*`]).join(","),
        MLFLOW_SERVER_CORS_ALLOWED_ORIGINS: names.map((name) => url.originAt(name)).join(","),
        ...featureSettings(features),
        ...(features.metrics && { MLFLOW_EXPOSE_PROMETHEUS: METRICS }),
        MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX: MODEL_SOURCES,
        // empty: otherwise the first call of several features waits for a list from the internet.
        MLFLOW_MODEL_CATALOG_URI: "",
        // the gateway logs every request, with the user.
        MLFLOW_UVICORN_OPTS: "--no-access-log",
        ...props.environment,
      },
      files: [...stores.files, ...connectionPoolFiles(), this.secretsFile(props.secretEnvironment ?? {})],
      volumes: props.temporaryVolume && [
        {
          volume: network.addVolume(this, "tmp", {
            ...props.temporaryVolume,
            protect: props.temporaryVolume.protect ?? false,
          }),
          path: "/tmp",
        },
      ],
      user: USER,
      memory,
      egress: external,
      healthCheck: HealthCheck.command(["python", "-c", HEALTH], {
        ...props.healthCheck,
        interval: props.healthCheck?.interval ?? Duration.seconds(5),
      }),
      stopGrace: Duration.seconds(30),
      dependsOn: [migration, ...(wayOut ? [wayOut.entry] : [])],
    });

    this.hostname = service.hostname;
    this.workers = workers;
    this.features = featuresOn(features);
    if (features.metrics) this.metricsUrl = `http://${this.hostname}:${PORT}/metrics`;
    this.transferTarget = artifactStore.transferTarget;
    this.consoleAddress = artifactStore.consoleAddress;
    this.s3ApiAddress = artifactStore.s3ApiAddress;
  }

  /**
   * Creates the workspaces of these names that do not exist yet, by a job after the migration. `MlflowStack` does it for
   * the workspaces of its users. None is ever deleted by itself.
   *
   * @param names names of workspaces; may be called once.
   */
  public addWorkspaces(names: string[]): void {
    const wanted = [...new Set(names)].filter((name) => name !== "default").sort();
    if (wanted.length > 0) this.#addWorkspacesJob(wanted);
  }

  // what MLflow takes only from its environment, and must be the same for all workers and after every restart.
  private secretsFile(secretEnvironment: { [name: string]: Secret }): ServiceFile {
    const secrets: { [name: string]: Secret } = {
      MLFLOW_FLASK_SERVER_SECRET_KEY: Secret.generated(),
      MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY: Secret.generatedKey(),
      MLFLOW_CRYPTO_KEK_PASSPHRASE: Secret.generated(),
      // sorted, so that moving a line of the caller's does not restart the server.
      ...Object.fromEntries(Object.entries(secretEnvironment).sort(([a], [b]) => (a < b ? -1 : 1))),
    };
    const lines = Object.entries(secrets).map(([name, secret]) => {
      const value = secret.bind(this, name.toLowerCase().replaceAll("_", "-"));
      // such a file expands references even inside single quotes, and knows no way to write a quote there.
      value.require(
        'length(regexall("[\'\\\\\\\\\\\\r\\\\n]|[$][{]", VALUE)) == 0',
        `The value for ${name} must not hold a quote, a backslash, a line break or a dollar sign before a brace.`,
      );
      return secretText`${name}='${value}'\n`;
    });
    return { path: SECRETS_FILE, content: lines.join(""), secret: true };
  }
}

// no home folder is the user's own, and numpy's threads would be counted against the workers.
const PROCESS_ENVIRONMENT = { HOME: "/tmp", OPENBLAS_NUM_THREADS: "1", PYTHONDONTWRITEBYTECODE: "1" };
