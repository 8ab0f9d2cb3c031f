import { Construct } from "constructs";
import { DataSize, PostgresClient, Secret, ServiceFile } from "cdktf-mlflow";
import type { ClientSettings, IBackendStore, IServiceNetwork, PostgresStore, ServiceImage } from "cdktf-mlflow";

const PASSWORD_FILE = "/run/secrets/database-password";

// psql reads the password from its file, so that no list of processes shows it. Every statement may run again: the job
// does when its password changes, or when the server is recreated empty.
const SQL = `\\set password \`cat ${PASSWORD_FILE}\`
select format('create role %I login', :'name') where not exists (select from pg_roles where rolname = :'name') \\gexec
alter role :"name" password :'password';
select format('create database %I owner %I', :'name', :'name')
  where not exists (select from pg_database where datname = :'name') \\gexec
revoke connect on database :"name" from public;
`;

/** Which database to make, and where. */
export interface PostgresDatabaseProps {
  /** The network of the server. */
  readonly network: IServiceNetwork;

  /** The server. */
  readonly server: PostgresStore;

  /** Name of the server on the network. */
  readonly hostname: string;

  /** Image with `psql`. */
  readonly image: ServiceImage;

  /** Name of the database and of its user: letters, digits and `_`. */
  readonly name: string;

  /**
   * Number of connections that its user is meant to have.
   *
   * @default 45
   */
  readonly connectionLimit?: number;
}

/** A database with a user of its own on a PostgreSQL server of the stack: one of several backend stores there. */
export class PostgresDatabase extends Construct implements IBackendStore {
  /** How to connect: a libpq service named `mlflow`. */
  public readonly clientSettings: ClientSettings;

  /** How many connections MLflow's pools may take. */
  public readonly connectionLimit?: number;

  /** Image with `pg_dump`, for the dump before a migration. */
  public readonly toolsImage: ServiceImage;

  constructor(scope: Construct, id: string, props: PostgresDatabaseProps) {
    super(scope, id);

    const { network, server, hostname, image, name } = props;
    this.toolsImage = image;
    const admin = server.clientSettings;
    const password = Secret.generated().bind(this, "password");
    const job = network.addJob(this, "Default", {
      image,
      entrypoint: ["psql"],
      args: [
        "service=mlflow",
        "--quiet",
        "--set",
        "ON_ERROR_STOP=1",
        "--set",
        `name=${name}`,
        "--file",
        "/sql/make.sql",
      ],
      environment: admin.environment,
      files: [
        ...admin.files,
        ServiceFile.of("/sql/make.sql", SQL),
        ServiceFile.ofSecret("database-password", password.unsafeUnwrap()),
      ],
      user: "postgres",
      memory: DataSize.mebibytes(64),
      dependsOn: admin.dependsOn,
      triggers: admin.triggers,
      errorMessage: `The database '${name}' could not be made.`,
    });

    this.connectionLimit = props.connectionLimit ?? 45;
    this.clientSettings = PostgresClient.settings(this, {
      host: hostname,
      database: name,
      username: name,
      password,
      sslMode: "disable",
      external: false,
      dependsOn: [job],
      triggers: admin.triggers,
    });
  }
}
