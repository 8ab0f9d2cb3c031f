import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Container } from "@cdktf/provider-docker/lib/container";
import { Image } from "@cdktf/provider-docker/lib/image";
import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { App, Aspects, LocalBackend, TerraformOutput, TerraformStack } from "cdktf";
import {
  AuthGateway,
  AuthMethod,
  ContainerNetwork,
  MinioStore,
  MlflowServer,
  PostgresStore,
  ProviderVersions,
  Role,
  ServiceImage,
  StackGuard,
} from "cdktf-mlflow";

const id = process.env.MLFLOW_STACK ?? "research";
const url = process.env.MLFLOW_URL ?? "http://localhost:8080";
const trainerImage = process.env.MLFLOW_IMAGE ?? MlflowServer.defaultImage().name;

const app = new App();
const stack = new TerraformStack(app, id);
new LocalBackend(stack, { path: `../../../terraform.${id}.tfstate` });
new DockerProvider(stack, "docker");
new RandomProvider(stack, "random");
ProviderVersions.pin(stack);
Aspects.of(stack).add(new StackGuard());

const network = new ContainerNetwork(stack, "network");
const server = new MlflowServer(stack, "server", {
  network,
  backendStore: new PostgresStore(stack, "postgres", { network, image: image("POSTGRES_IMAGE") }),
  artifactStore: new MinioStore(stack, "minio", { network, image: image("MINIO_IMAGE") }),
  image: image("MLFLOW_IMAGE"),
});
const gateway = new AuthGateway(stack, "gateway", {
  network,
  upstream: server,
  auth: AuthMethod.basic({
    users: [
      { name: "ada", role: Role.ADMIN },
      { name: "trainer", role: Role.WRITE },
    ],
  }),
  url,
  image: image("GATEWAY_IMAGE"),
});

// a container of your own: on the edge network, so that it reaches the gateway, and nothing behind it.
new Container(stack, "trainer", {
  name: `${id}-trainer`,
  image: new Image(stack, "trainer-image", { name: trainerImage, keepLocally: true }).imageId,
  entrypoint: ["python", "/app/train.py"],
  env: [
    `MLFLOW_TRACKING_URI=http://${gateway.hostname}:${new URL(url).port}`,
    "MLFLOW_TRACKING_USERNAME=trainer",
    "HOME=/tmp",
    "GIT_PYTHON_REFRESH=quiet",
  ],
  upload: [
    { file: "/app/train.py", content: readFileSync(join(__dirname, "train.py"), "utf8") },
    { file: "/run/secrets/mlflow-password", content: passwordOf("trainer"), permissions: "0444" },
  ],
  user: "1000:1000",
  networksAdvanced: [{ name: network.edgeNetworkName }],
  capabilities: { drop: ["ALL"] },
  memory: 512,
  memorySwap: 512,
  restart: "always",
  // it leaves this file after each run, and asks again until MLflow answers.
  healthcheck: {
    test: ["CMD-SHELL", "find /tmp/last-run -mmin -70 | grep -q ."],
    interval: "5s",
    timeout: "5s",
    retries: 3,
    startPeriod: "3m0s",
  },
  wait: true,
  waitTimeout: 240,
});

new TerraformOutput(stack, "url", { value: gateway.url, staticId: true });
new TerraformOutput(stack, "username", { value: "ada", staticId: true });
new TerraformOutput(stack, "password", { value: passwordOf("ada"), sensitive: true, staticId: true });

app.synth();

/** A reference to the password of a user. */
function passwordOf(user: string): string {
  return gateway.users.find(({ name }) => name === user)?.password?.unsafeUnwrap() ?? "";
}

/** Another image than the library's own, where the environment names one. */
function image(name: string): ServiceImage | undefined {
  const given = process.env[name];
  return given ? ServiceImage.registry(given) : undefined;
}
