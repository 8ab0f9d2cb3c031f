import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { App, Aspects, LocalBackend, TerraformOutput, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import {
  AuthGateway,
  AuthMethod,
  ContainerNetwork,
  DataSize,
  MinioStore,
  MlflowServer,
  PostgresStore,
  ProviderVersions,
  Role,
  ServiceImage,
  StackGuard,
} from "cdktf-mlflow";
import { PostgresDatabase } from "./postgres-database";

const id = process.env.MLFLOW_STACK ?? "teams";
const firstPort = Number(process.env.FIRST_PORT ?? 8080);

const app = new App();
const stack = new TerraformStack(app, id);
new LocalBackend(stack, { path: `../../../terraform.${id}.tfstate` });
new DockerProvider(stack, "docker");
new RandomProvider(stack, "random");
ProviderVersions.pin(stack);
Aspects.of(stack).add(new StackGuard());

const network = new ContainerNetwork(stack, "network");
const postgresImage = image("POSTGRES_IMAGE") ?? PostgresStore.defaultImage();
const postgres = new PostgresStore(stack, "postgres", {
  network,
  image: postgresImage,
  memory: DataSize.gibibytes(1),
});

// two MLflow platforms, each with its own login, port, bucket and database; the database server is one.
["research", "production"].forEach((team, index) => {
  const platform = new Construct(stack, team);
  const url = `http://localhost:${firstPort + index}`;
  const server = new MlflowServer(platform, "server", {
    network,
    image: image("MLFLOW_IMAGE"),
    backendStore: new PostgresDatabase(platform, "database", {
      network,
      server: postgres,
      hostname: network.hostnameOf(stack, "postgres"),
      image: postgresImage,
      name: team,
    }),
    artifactStore: new MinioStore(platform, "minio", { network, bucket: team, image: image("MINIO_IMAGE") }),
  });
  const gateway = new AuthGateway(platform, "gateway", {
    network,
    upstream: server,
    url,
    auth: AuthMethod.basic({ users: [{ name: team, role: Role.ADMIN }] }),
    image: image("GATEWAY_IMAGE"),
  });
  new TerraformOutput(stack, `${team}_url`, { value: gateway.url, staticId: true });
  new TerraformOutput(stack, `${team}_password`, {
    value: gateway.password?.unsafeUnwrap(),
    sensitive: true,
    staticId: true,
  });
});

app.synth();

/** Another image than the library's own, where the environment names one. */
function image(name: string): ServiceImage | undefined {
  const given = process.env[name];
  return given ? ServiceImage.registry(given) : undefined;
}
