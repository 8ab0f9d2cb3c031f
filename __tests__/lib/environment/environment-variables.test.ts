import { StackEnvironment } from "../../../lib";
import { ENVIRONMENT_VARIABLES } from "../../../lib/environment/environment-variables";
import { makePair } from "../../support/servers/certificate";
import { mlflowStack, synth } from "../../support/stacks/synth";

interface Variables {
  readonly [name: string]: string;
}

const URL = { MLFLOW_URL: "https://mlflow.example.com" };
const OAUTH2 = {
  OAUTH2_CLIENT_ID: "mlflow",
  OAUTH2_CLIENT_SECRET: "client secret",
  OAUTH2_ISSUER_URL: "https://login.example.com",
};
const { certificate, privateKey } = makePair("mlflow.example.com");

/** Environments in which, taken together, each variable has an effect. */
const ENVIRONMENTS: readonly Variables[] = [
  URL,
  { ...URL, MLFLOW_TLS: "certificate", TLS_CERTIFICATE: certificate, TLS_PRIVATE_KEY: privateKey },
  {
    ...URL,
    MLFLOW_TLS: "terminated",
    TRUSTED_PROXIES: "10.0.0.1",
    ...OAUTH2,
    OAUTH2_ALLOWED_GROUPS: "team",
    DB_URL: "postgresql://mlflow:password@db.example.com/mlflow",
    MLFLOW_S3_BUCKET: "models",
    MLFLOW_S3_ENDPOINT_URL: "https://s3.example.com",
    AWS_ACCESS_KEY_ID: "key id",
    AWS_SECRET_ACCESS_KEY: "key",
  },
  {
    BACKUP_IMAGE: "registry.example.com/mlflow-backup:1.0.0",
    BACKUP_TARGET: "s3://backups",
    BACKUP_ACCESS_KEY_ID: "key id",
    BACKUP_SECRET_ACCESS_KEY: "key",
  },
  {
    BACKUP_IMAGE: "registry.example.com/mlflow-backup:1.0.0",
    BACKUP_TARGET: "sftp://mlflow@nas.example.com/srv/backup",
    BACKUP_SSH_KEY: "key",
    BACKUP_KNOWN_HOSTS: "nas.example.com ssh-ed25519 AAAA",
  },
  { GC_SCHEDULE: "@daily" },
  // Refused, unless OAUTH2_ALLOW_ANY_DOMAIN allows it.
  { ...URL, ...OAUTH2 },
];

/** The stack's id, what Terraform gets, and the synthesized JSON; or the message of the error. */
function outcomeOf(variables: Variables): string {
  const environment = new StackEnvironment(variables);
  try {
    const stack = mlflowStack(environment.props());
    return JSON.stringify([environment.stackId, environment.terraformVariables(), synth(stack)]);
  } catch (error) {
    return (error as Error).message;
  }
}

describe("The environment variables", () => {
  const outcomes = ENVIRONMENTS.map(outcomeOf);
  // The command reads DOCKER_HOST, see engine-environment.test.ts.
  const names = ENVIRONMENT_VARIABLES.flatMap((variable): readonly string[] => variable.names).filter(
    (name) => name !== "DOCKER_HOST",
  );

  test.each(names)("have an effect: %s", (name) => {
    const isRead = ENVIRONMENTS.some((environment, index) => {
      const outcome = outcomeOf({ ...environment, [name]: "true" });
      return outcome !== outcomes[index] && !outcome.includes("because it would have no effect");
    });

    expect(isRead).toBe(true);
  });

  test("are set in environments that are valid, except for the last one", () => {
    expect(outcomes.map((outcome) => outcome.startsWith('["mlflow",'))).toEqual([
      ...ENVIRONMENTS.slice(1).map(() => true),
      false,
    ]);
  });
});
