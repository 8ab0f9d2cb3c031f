import { join } from "node:path";
import { NODE_TYPESCRIPT } from "../repository";
import { eventually, run, runOk } from "../run";

/** Builds an image with Python packages if it is not there, and returns its complete name. */
export async function mlflowImage(name: string, requirements: readonly string[]): Promise<string> {
  const [node = "", ...loader] = NODE_TYPESCRIPT;
  return (await runOk(node, [...loader, join(__dirname, "mlflow-image.ts"), name, ...requirements])).trim();
}

/** An MLflow without the gateway, on the internal network of a stack. */
export interface PlainMlflow {
  /** Name of its container. */
  readonly name: string;
  readonly image: string;

  /** A volume, or a folder of the host, with the secret files of the stack's server. */
  readonly secrets: string;
  readonly destination: string;

  /** Further arguments of `mlflow server`. */
  readonly options: readonly string[];
}

/** Starts it on the stack's database and store, and waits until it answers. */
export async function startPlainMlflow(stack: string, plain: PlainMlflow): Promise<void> {
  const { name, image, secrets, destination, options } = plain;
  await runOk("docker", [
    ...["run", "--detach", "--name", name, "--network", `${stack}-network-internal`],
    ...["--volume", `${secrets}:/run/secrets:ro`, "--env", "PGSERVICEFILE=/run/secrets/pg_service.conf"],
    ...["--env", "AWS_SHARED_CREDENTIALS_FILE=/run/secrets/aws-credentials", "--env", "AWS_DEFAULT_REGION=us-east-1"],
    ...["--env", `MLFLOW_S3_ENDPOINT_URL=http://${stack}-minio:9000`, "--env", "HOME=/tmp"],
    ...["--env", "MLFLOW_TRACKING_URI=http://127.0.0.1:5000"],
    ...[image, "mlflow", "server", "--backend-store-uri", "postgresql+psycopg2:///?service=mlflow"],
    ...["--artifacts-destination", destination, ...options],
  ]);
  await eventually(`${name} answers`, 180, async () => {
    const ask = "import urllib.request as r; r.urlopen('http://127.0.0.1:5000/version')";
    return (await run("docker", ["exec", name, "python", "-c", ask])).code === 0;
  });
}
