import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RELEASES, imageName } from "../lib/values/releases";
import { STACK, removeAll, stackEnvironment } from "./bench-stack";
import type { Compiled } from "./compiled";
import { TerraformContestant } from "./contestants";
import { runProgram } from "./program";
import type { Row } from "./report";

const EGRESS_LINK = `${STACK}-network-passage`;
// The client calls the name whose range contains the engine's addresses.
const HOSTS: [RegExp, string][] = [
  [/^172\./, "host.example.com"],
  [/^192\.168\./, "other.example.com"],
];
const INTERNAL = `${STACK}-network-internal`;

interface Figures {
  readonly call: number;
  readonly first: number;
  readonly gap: number;
  readonly runs: number;
}

/** Measures TLS calls through the egress proxy, and directly to the same host. */
export async function measureEgress(
  compiled: Compiled,
  rounds: number,
  progress: (line: string) => void,
): Promise<Row[]> {
  const terraform = new TerraformContestant(compiled, compiled.file("bench", "apps", "egress.js"));
  progress("deploying");
  await removeAll();
  await terraform.reset();
  await terraform.start();

  const image = stackEnvironment().MLFLOW_IMAGE ?? imageName(RELEASES.mlflow);
  const run = ["run", "-i", "--user", "1000:1000", "--entrypoint", "python"];
  const host = `${STACK}-host`;
  await runProgram("docker", [
    ...[...run, "--detach", "--name", host, "--network", EGRESS_LINK],
    ...HOSTS.flatMap(([, name]) => ["--network-alias", name]),
    ...[image, "-c", program({ role: "serve" })],
  ]);
  const address = await addressOf(host, EGRESS_LINK);
  const [, name] = HOSTS.find(([range]) => range.test(address)) ?? [];
  if (name === undefined) throw new Error(`the engine's networks are in another range: ${address}`);
  // Clients call a host by its name, so that the look-up is part of a call.
  const ways = { directly: host, "through the way out": `${STACK}-egress-entry` };
  progress("asking");
  const caller = `${STACK}-caller`;
  await runProgram("docker", [
    ...["create", ...run.slice(1), "--name", caller, "--network", INTERNAL, image],
    ...["-c", program({ role: "ask", name, ways, rounds })],
  ]);
  await runProgram("docker", ["network", "connect", EGRESS_LINK, caller]);
  const figures = JSON.parse(await runProgram("docker", ["start", "--attach", caller])) as {
    [way: string]: Figures;
  };
  await removeAll();
  return rowsOf(figures.directly, figures["through the way out"]);
}

function rowsOf(directly?: Figures, through?: Figures): Row[] {
  if (!directly || !through) throw new Error("there are no figures of the way out");
  const { runs } = through;
  const peer = (figure: number) => ({ name: "directly", figure });
  return [
    { what: "TLS call through the way out, p50", ours: through.call, peer: peer(directly.call), unit: "ms", runs },
    { what: "What the way out adds to it", ours: through.call - directly.call, unit: "ms", aim: 2, runs },
    { what: "First byte of a stream", ours: through.first, peer: peer(directly.first), unit: "ms", runs },
    { what: "Longest pause in a stream, of 20 ms", ours: through.gap, peer: peer(directly.gap), unit: "ms", runs },
  ];
}

function program(settings: object): string {
  const text = readFileSync(join(__dirname, "egress.py"), "utf8");
  return `import json\nsettings = json.loads(${JSON.stringify(JSON.stringify(settings))})\n${text}`;
}

async function addressOf(container: string, network: string): Promise<string> {
  const format = `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`;
  return (await runProgram("docker", ["inspect", "--format", format, container])).trim();
}
