import { Network } from "@cdktf/provider-docker/lib/network";
import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { App, Fn, LocalBackend, TerraformOutput, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { RELEASES } from "../../lib/values/releases";
import { addGateway, addIdentity, addServer } from "./bare-server";
import { addMinio, addPostgres } from "./bare-stores";

// The deployment of mlflow-stack.ts written without constructs: the same resources, from the same bindings.
const app = new App();
for (let index = 0; index < Number(process.env.STACKS); index += 1) {
  addStack(new TerraformStack(app, `bench-synthesis-${index}`), 8080 + index);
}
app.synth();

function addStack(stack: TerraformStack, port: number): void {
  const { id } = stack.node;
  new LocalBackend(stack, { path: `../../../terraform.${id}.tfstate` });
  new DockerProvider(stack, "docker");
  new RandomProvider(stack, "random");
  for (const [name, { version }] of Object.entries(RELEASES.providers)) {
    stack.addOverride(`terraform.required_providers.${name}.version`, version);
  }

  const network = new Construct(stack, "network");
  const internal = new Network(network, "internal", { name: `${id}-network-internal`, internal: true });
  const edge = new Network(network, "edge", { name: `${id}-network-edge` });

  const postgres = addPostgres(stack, internal);
  const identity = addIdentity(stack);
  const minio = addMinio(stack, internal, identity.identity);
  const server = addServer(stack, internal, port, identity, postgres, minio);
  const gateway = addGateway(stack, internal, edge, port);

  const secret = gateway.password.result;
  const output = (id: string, description: string, value: unknown, sensitive?: boolean) =>
    new TerraformOutput(stack, id, { value, description, sensitive, staticId: true });
  output("url", "The address to open, and to give to clients.", `http://localhost:${port}`);
  output("username", "An admin who may log in.", "admin");
  output("password", "That admin's password.", secret, true);
  output("passwords", "The password of each user, by name.", { admin: secret }, true);
  output(
    "client_environment",
    "Lines for a shell, so that MLflow's clients find the server and may pass.",
    [
      `export MLFLOW_TRACKING_URI='http://localhost:${port}'`,
      "export MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE='16777216'",
      "export MLFLOW_TRACKING_USERNAME='admin'",
      `export MLFLOW_TRACKING_PASSWORD='${Fn.replace(secret, "'", "'\\\\''")}'`,
      "",
    ].join("\n"),
    true,
  );
  output("images", "The image of each service, by its digest where it came from a registry.", {
    [`${id}-postgres`]: Fn.coalesce([postgres.image.repoDigest, postgres.image.imageId]),
    [`${id}-minio`]: Fn.coalesce([minio.image.repoDigest, minio.image.imageId]),
    [`${id}-server`]: Fn.coalesce([server.image.repoDigest, server.image.imageId]),
    [`${id}-gateway`]: Fn.coalesce([gateway.image.repoDigest, gateway.image.imageId]),
  });
  output("volumes", "The volumes with data, by their addresses in the Terraform state.", {
    [`${postgres.data.terraformResourceType}.${postgres.data.friendlyUniqueId}`]: postgres.data.id,
    "docker_volume.minio_data_FB897F14": minio.data.id,
  });
}
