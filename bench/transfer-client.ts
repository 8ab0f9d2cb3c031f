import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { loadExeca } from "../cli/console/es-modules";
import type { TransferCase } from "./artifacts";
import { STACK } from "./bench-stack";
import { interruption } from "./interruption";
import { runProgram } from "./program";
import type { TransferParty } from "./transfer-ways";

const PROGRAM = readFileSync(join(__dirname, "artifacts.py"), "utf8");
// The settings hold keys. On standard input no list of processes shows them.
const BOOTSTRAP =
  "import json, sys; settings = json.loads(sys.stdin.readline()); exec(sys.stdin.read(settings['program']))";

/** Called before and after the transfer in each direction. */
export interface TransferWatcher {
  ready(direction: string): void;
  done(direction: string, seconds: number): void;
}

/** A container with clients, which keep their files in memory. */
export class TransferClient {
  constructor(private readonly party: TransferParty) {}

  /** @throws Error with the output of the client when a transfer fails. */
  public async run(transfers: TransferCase, watcher: TransferWatcher): Promise<void> {
    const { execa } = await loadExeca();
    const { kind, besides, folder, environment, store } = this.party;
    const image = await runProgram("docker", ["inspect", "--format", "{{.Image}}", `${STACK}-server`]);
    const settings = {
      ...store,
      ...{ kind, folder, environment },
      clients: transfers.clients,
      files: transfers.files,
      size: transfers.size * 1024 ** 2,
      program: PROGRAM.length,
    };
    const client = execa(
      "docker",
      [
        ...["run", "--rm", "--interactive", "--name", `${STACK}-client`, "--network", `container:${besides}`],
        ...["--tmpfs", "/data", "--entrypoint", "python", image, "-c", BOOTSTRAP],
      ],
      { cancelSignal: interruption, buffer: { stdout: false }, reject: false },
    );
    client.stdin.write(`${JSON.stringify(settings)}\n${PROGRAM}`);
    let failure: string | undefined;
    for await (const line of createInterface(client.stdout)) {
      const said = JSON.parse(line) as { ready?: string; done?: string; seconds?: number; failure?: string };
      if (said.ready) watcher.ready(said.ready);
      if (said.done) watcher.done(said.done, said.seconds ?? NaN);
      failure ??= said.failure;
      client.stdin.write("\n");
    }
    client.stdin.end();
    const { exitCode, stderr } = await client;
    if (failure ?? exitCode !== 0) throw new Error(`${kind} beside ${besides}: ${failure ?? stderr}`);
  }
}
