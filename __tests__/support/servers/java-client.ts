import { join } from "node:path";
import { REPOSITORY } from "../repository";
import { runOk } from "../run";

/** Builds an image with Java's client on top of one with Python's, and returns its complete name. */
export async function javaClientImage(base: string, release: string): Promise<string> {
  const name = `localhost/cdktf-mlflow/java-client:${release}`;
  const settings = ["--build-arg", `BASE=${base}`, "--build-arg", `CLIENT=${release}`];
  const folder = join(REPOSITORY, "__tests__", "support", "clients", "java");
  // Every Docker client has this builder.
  await runOk("docker", ["build", "--quiet", "--tag", name, ...settings, folder], { env: { DOCKER_BUILDKIT: "0" } });
  return name;
}
