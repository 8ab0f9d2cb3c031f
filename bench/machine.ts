import { cpus, release, totalmem } from "node:os";
import { composeRelease } from "./compose-program";
import { runProgram } from "./program";

/** Lines about the machine and its programs. They contain no host name and no user name. */
export async function describeMachine(): Promise<string[]> {
  const cores = cpus();
  const engine = await runProgram("docker", ["version", "--format", "{{.Server.Version}}"]);
  const terraform = JSON.parse(
    await runProgram(process.env.TERRAFORM_BINARY_NAME ?? "terraform", ["version", "-json"]),
  ) as { terraform_version: string };
  return [
    `${cores[0]?.model.trim() ?? "unknown processor"}, ${cores.length} cores, ${(totalmem() / 1024 ** 3).toFixed(0)} GiB memory`,
    `Linux ${release().split("-")[0]}, Docker Engine ${engine.trim()}`,
    `Node.js ${process.versions.node}, Terraform ${terraform.terraform_version}, Docker Compose ${await composeRelease()}`,
    new Date().toISOString().slice(0, 10),
  ];
}
