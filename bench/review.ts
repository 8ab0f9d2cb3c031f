import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PlanBuilder, ourContainer, upload } from "../__tests__/support/plans/plan-builder";
import { packagePath } from "../lib/values/package-folder";
import type { Compiled } from "./compiled";
import { median, seconds } from "./measure";
import { runProgram } from "./program";
import type { Row } from "./report";

const SIZES = [
  { resources: 20, aim: 0.5 },
  { resources: 2000, aim: 3 },
];
const MEBIBYTE = 1024;
// A real plan also has the attributes of a container that are not set.
const UNSET = 60;

/** Measures time and maximum memory of the process `mlflow-stack review` for plans of several sizes. */
export async function measureReview(
  compiled: Compiled,
  runs: number,
  progress: (line: string) => void,
): Promise<Row[]> {
  const folder = compiled.workFolder("review");
  const hook = join(folder, "peak.js");
  const peak = join(folder, "peak");
  writeFileSync(
    hook,
    `process.on("exit", () => require("node:fs").writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)));`,
  );

  const rows: Row[] = [];
  for (const { resources, aim } of SIZES) {
    const file = join(folder, `plan-${resources}.json`);
    writeFileSync(file, JSON.stringify(plan(resources)));
    const times: number[] = [];
    const memory: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      progress(`${resources} resources, ${run + 1} of ${runs}`);
      const args = ["--require", hook, compiled.file("cli", "index.js"), "review", file, "--format", "markdown"];
      times.push(await seconds(() => runProgram(process.execPath, args, { folder })));
      memory.push(Number(readFileSync(peak, "utf8")) / MEBIBYTE);
    }
    const what = `\`mlflow-stack review\`, ${resources.toLocaleString("en-US")} resources`;
    rows.push({ what, ours: median(times), unit: "s", aim, runs });
    rows.push({ what: `${what}, most memory`, ours: median(memory), unit: "MiB", runs });
  }
  return rows;
}

/** A plan in which every second container has a changed line in its file, and every fifth has a changed setting. */
function plan(resources: number) {
  const caddyfile = readFileSync(packagePath("caddy", "Caddyfile"), "utf8");
  const unset = Object.fromEntries(Array.from({ length: UNSET }, (_, index) => [`unset_attribute_${index}`, null]));
  const container = (index: number, isChanged: boolean) =>
    ourContainer(`bench-c${index}`, {
      ...unset,
      env: [`INDEX=${index}`, `WORKERS=${isChanged && index % 5 === 0 ? 4 : 2}`],
      upload: [
        upload("/etc/caddy/Caddyfile", caddyfile.replace("250ms", isChanged && index % 2 === 0 ? "500ms" : "250ms")),
        upload("/run/secrets/key", `a-secret-of-container-${index}-${"x".repeat(32)}`),
      ],
    });
  const builder = new PlanBuilder();
  for (let index = 0; index < resources / 2; index += 1) {
    const value = { result: `generated-${index}-${"y".repeat(32)}`, length: 32 };
    builder.resource(`random_password.p${index}`, value, value, { sensitive: ["result"] });
    builder.resource(`docker_container.c${index}`, container(index, false), container(index, true), {
      sensitive: ["upload"],
      dependsOn: index === 0 ? [] : [`docker_container.c${Math.floor(index / 2)}`],
      references: { "/run/secrets/key": [`random_password.p${index}.result`, `random_password.p${index}`] },
    });
  }
  return builder.build();
}
