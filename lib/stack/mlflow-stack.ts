import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { Annotations, Aspects, TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { ArtifactStore } from "../stores/artifact-store";
import { AuthGateway } from "../gateway/auth-gateway";
import type { AuthGatewayOptions } from "../gateway/auth-gateway-options";
import { AuthMethod } from "../users/auth-method";
import type { Backup } from "../backup/backup";
import type { BackupOptions } from "../backup/backup-options";
import { BackendStore } from "../stores/backend-store";
import { clientEnvironment } from "./client-environment";
import { ContainerNetwork } from "../network/container-network";
import type { ContainerNetworkOptions } from "../network/container-network";
import { dockerProvider } from "./docker-engine";
import type { DockerEngineOptions } from "./docker-engine";
import { builtCaddyImage } from "../caddy/caddy-image";
import { MlflowServer } from "../server/mlflow-server";
import type { MlflowServerOptions } from "../server/mlflow-server-options";
import { ProviderVersions } from "./provider-versions";
import type { ProviderVersionsOptions } from "./provider-versions";
import { explainTakenName } from "../secrets/secret-variable";
import { workersOverCores } from "../server/server-size";
import { ReleasedVolumes } from "../network/released-volumes";
import type { ServiceImage } from "../network/service-image";
import type { IServiceNetwork } from "../network/service-network";
import { StackGuard } from "../guard/stack-guard";
import { stackBackup } from "./stack-backup";
import { StateBackend } from "./state-backend";
import type { IArtifactStore, IBackendStore } from "../stores/store";
import { PublicUrl } from "../values/public-url";

const DEFAULT_URL = "http://localhost:8080";

/** Properties of an `MlflowStack`. */
export interface MlflowStackProps {
  /**
   * The address under which users reach MLflow. It decides ports, bind address, TLS and MLflow's allowed hosts.
   *
   * @default "http://localhost:8080"
   */
  readonly url?: string;

  /**
   * How users log in.
   *
   * @default - user `admin` with a generated password
   */
  readonly auth?: AuthMethod;

  /**
   * The database for experiments, runs and models.
   *
   * @default - a PostgreSQL container in the stack
   */
  readonly backendStore?: BackendStore;

  /**
   * The store for files.
   *
   * @default - a MinIO-compatible container in the stack
   */
  readonly artifactStore?: ArtifactStore;

  /**
   * Options of the MLflow server.
   *
   * @default - the defaults of `MlflowServerOptions`
   */
  readonly server?: MlflowServerOptions;

  /**
   * Options of the gateway.
   *
   * @default - the defaults of `AuthGatewayOptions`
   */
  readonly gateway?: AuthGatewayOptions;

  /**
   * Backups of database and bucket.
   *
   * @default - no backups are made
   */
  readonly backup?: BackupOptions;

  /**
   * Options of the network.
   *
   * @default - the defaults of `ContainerNetworkOptions`
   */
  readonly network?: ContainerNetworkOptions;

  /**
   * The Docker engine to deploy on.
   *
   * @default - the engine that DOCKER_HOST names when Terraform runs, else the local one
   */
  readonly engine?: DockerEngineOptions;

  /**
   * Where Terraform keeps its state, which contains all secrets of the stack.
   *
   * @default - the file `terraform.<stack id>.tfstate` beside the output folder `cdktf.out`
   */
  readonly state?: StateBackend;

  /**
   * Versions of the Terraform providers.
   *
   * @default - the defaults of `ProviderVersionsOptions`
   */
  readonly providerVersions?: ProviderVersionsOptions;
}

// Every `docker_volume` that release 0.1.0 could make, so that its states let go of those that are no longer used, too.
const VOLUMES_OF_0_1_0 = [
  "gateway_data_D0AC38C2",
  "gateway_log_02046890",
  "minio_data_FB897F14",
  "postgres_data-16_23F3628B",
  "postgres_data-17_61EAD25B",
  "postgres_data-18_39DD5BDF",
  "server_tmp_60C3152D",
];

/**
 * A complete MLflow platform on one Docker engine: gateway, server, database and object store.
 *
 * A `StackGuard` checks it, together with your own resources in it.
 */
export class MlflowStack extends TerraformStack {
  /** The networks, which your own containers can join. */
  public readonly network: IServiceNetwork;

  /** The database: a `PostgresStore` or an `ExternalPostgres`, unless the option is one of your own. */
  public readonly backendStore: IBackendStore;

  /** The store for files: a `MinioStore` or an `S3Store`, unless the option is one of your own. */
  public readonly artifactStore: IArtifactStore;

  /** The MLflow server. */
  public readonly server: MlflowServer;

  /** The service that makes backups, if the stack has one. */
  public readonly backup?: Backup;

  /** The gateway, the only service that users reach. */
  public readonly gateway: AuthGateway;

  constructor(scope: Construct, id: string, props: MlflowStackProps = {}) {
    super(scope, id);

    const url = PublicUrl.parse(props.url ?? DEFAULT_URL, this);
    try {
      (props.state ?? StateBackend.local(`../../../terraform.${id}.tfstate`)).bind(this);
      dockerProvider(this, props.engine ?? {});
      new RandomProvider(this, "random");
      ProviderVersions.pin(this, props.providerVersions);

      for (const name of VOLUMES_OF_0_1_0) ReleasedVolumes._releaseNamed(this, name);

      this.network = new ContainerNetwork(this, "network", props.network);
      this.artifactStore = (props.artifactStore ?? ArtifactStore.minio()).bind(this, this.network);
      this.backendStore = (props.backendStore ?? BackendStore.postgres()).bind(this, this.network);
      this.server = new MlflowServer(this, "server", {
        ...props.server,
        egress: { ...props.server?.egress, image: props.server?.egress?.image ?? this.egressImage(props.gateway) },
        network: this.network,
        backendStore: this.backendStore,
        artifactStore: this.artifactStore,
      });
      if (props.backup) {
        const { network, backendStore, artifactStore, server } = this;
        const serverImage = props.server?.image ?? MlflowServer.defaultImage();
        this.backup = stackBackup(this, props.backup, { network, backendStore, artifactStore, server, serverImage });
      }
      this.gateway = new AuthGateway(this, "gateway", {
        ...props.gateway,
        network: this.network,
        upstream: this.server,
        auth: props.auth ?? AuthMethod.basic(),
        url: url.origin,
      });

      this.warnOfWorkers(props.engine?.cores);
      this.addOutputs(this.artifactStore);
      if (this.backup && props.backup?.passphrase === undefined) {
        const passphrase = this.backup.passphrase.unsafeUnwrap();
        this.output("backup_passphrase", "The passphrase without which nobody reads the backups.", passphrase, true);
      }
      Aspects.of(this).add(new StackGuard());
    } catch (error) {
      throw explainTakenName(this, error);
    }
  }

  private warnOfWorkers(cores: number | undefined): void {
    const warning = workersOverCores(this.server.workers, cores ?? this.server.workers);
    if (warning !== undefined) Annotations.of(this.server).addWarning(warning);
  }

  // Uses the gateway's image. A registry image is one resource; a built one is a resource each, with the same tag.
  private egressImage({ image, buildArguments }: AuthGatewayOptions = {}): ServiceImage {
    return image ?? builtCaddyImage(buildArguments);
  }

  private addOutputs({ consoleLogin, s3ApiLogin }: IArtifactStore): void {
    const { url, users, username, password, rootCertificate } = this.gateway;
    const passwords = users.flatMap((user) => (user.password ? [[user.name, user.password.unsafeUnwrap()]] : []));

    this.output("url", "The address to open, and to give to clients.", url);
    if (username !== undefined && password !== undefined) {
      this.output("username", "An admin who may log in.", username);
      this.output("password", "That admin's password.", password.unsafeUnwrap(), true);
    }
    if (consoleLogin) {
      const { username: key, password: secret } = consoleLogin;
      this.output("console_username", "Who may log in to the bucket's console.", key.unsafeUnwrap(), true);
      this.output("console_password", "The password for the console.", secret.unsafeUnwrap(), true);
    }
    if (s3ApiLogin) {
      const { username: key, password: secret } = s3ApiLogin;
      this.output("s3_access_key_id", "Access key for the bucket's S3 API.", key.unsafeUnwrap(), true);
      this.output("s3_secret_access_key", "Secret key for the bucket's S3 API.", secret.unsafeUnwrap(), true);
    }
    this.output("passwords", "The password of each user, by name.", Object.fromEntries(passwords), true);
    this.output(
      "client_environment",
      "Lines for a shell, so that MLflow's clients find the server and may pass.",
      clientEnvironment(this.gateway, this.node.id),
      true,
    );
    if (rootCertificate !== undefined) {
      this.output("root_certificate", "The certificate that clients of the gateway have to trust.", rootCertificate);
    }
    this.output(
      "images",
      "The image of each service, by its digest where it came from a registry.",
      this.network.images,
    );
    this.output("volumes", "The volumes on the engine, by the path of their constructs.", this.network.volumes);
  }

  private output(id: string, description: string, value: unknown, sensitive?: boolean): void {
    new TerraformOutput(this, id, { value, description, sensitive, staticId: true });
  }
}
