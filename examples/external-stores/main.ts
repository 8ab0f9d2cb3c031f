import { App } from "cdktf";
import {
  ArtifactStore,
  AuthMethod,
  BackendStore,
  DataSize,
  Duration,
  MlflowStack,
  Role,
  Secret,
  StateBackend,
  UserPassword,
} from "cdktf-mlflow";

const app = new App();

// Secrets are variables: Terraform asks for TF_VAR_db_password and so on when it runs.
new MlflowStack(app, "mlflow", {
  url: "https://mlflow.example.com",
  engine: { host: "ssh://deploy@mlflow.example.com" },
  state: StateBackend.remote("s3", { bucket: "company-states", key: "mlflow.tfstate", region: "eu-central-1" }),
  auth: AuthMethod.basic({
    users: [{ name: "ada", role: Role.ADMIN, password: UserPassword.of(Secret.variable("ada_password")) }],
  }),
  backendStore: BackendStore.external({
    host: "mlflow.abcdefgh.eu-central-1.rds.amazonaws.com",
    database: "mlflow",
    username: "mlflow",
    password: Secret.variable("db_password"),
    connectionLimit: 80,
  }),
  artifactStore: ArtifactStore.s3({
    bucket: "company-models",
    prefix: "mlflow",
    region: "eu-central-1",
    accessKeyId: Secret.variable("s3_access_key_id"),
    secretAccessKey: Secret.variable("s3_secret_access_key"),
  }),
  server: { workers: 4, memory: DataSize.gibibytes(4) },
  gateway: { rateLimit: { events: 10_000, window: Duration.minutes(1) } },
});

app.synth();
