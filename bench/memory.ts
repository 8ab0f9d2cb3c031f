import { setTimeout as pause } from "node:timers/promises";
import { removeAll } from "./bench-stack";
import type { Compiled } from "./compiled";
import { TerraformContestant } from "./contestants";
import { servicesOf } from "./deployment";
import { interruption } from "./interruption";
import { median } from "./measure";
import { runProgram } from "./program";
import type { MemoryRow } from "./report";

const REST = 30_000;
const SAMPLES = 5;
const MEBIBYTE = 1024 ** 2;
const UNITS: { [unit: string]: number } = { B: 1 / MEBIBYTE, KiB: 1 / 1024, MiB: 1, GiB: 1024 };

/** Measures the memory of each service without requests, half a minute after it became healthy. */
export async function measureMemory(compiled: Compiled, progress: (line: string) => void): Promise<MemoryRow[]> {
  const terraform = new TerraformContestant(compiled);
  progress("deploying");
  await removeAll();
  await terraform.reset();
  await terraform.start();
  progress("waiting");
  await pause(REST, undefined, { signal: interruption });

  const services = servicesOf(terraform.stack);
  const samples: MemoryRow[][] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    samples.push(await Promise.all(services.map(sampleOf)));
    await pause(1_000, undefined, { signal: interruption });
  }
  await removeAll();
  return services.map((service, index) => ({
    service: service.replace(/^bench-/, ""),
    inUse: median(samples.map((sample) => sample[index]?.inUse ?? NaN)),
    anonymous: median(samples.map((sample) => sample[index]?.anonymous ?? NaN)),
  }));
}

async function sampleOf(service: string): Promise<MemoryRow> {
  const used = await runProgram("docker", ["stats", "--no-stream", "--format", "{{.MemUsage}}", service]);
  const [, figure, unit] = /^([\d.]+)(\w+)/.exec(used) ?? [];
  return { service, inUse: Number(figure) * (UNITS[unit ?? ""] ?? NaN), anonymous: await anonymousOf(service) };
}

// Version 2 of control groups, and version 1.
async function anonymousOf(service: string): Promise<number> {
  const files = "cat /sys/fs/cgroup/memory.stat 2>/dev/null || cat /sys/fs/cgroup/memory/memory.stat";
  const text = await runProgram("docker", ["exec", service, "/bin/sh", "-c", files]);
  return Number(/^(?:anon|total_rss) (\d+)$/m.exec(text)?.[1]) / MEBIBYTE;
}
