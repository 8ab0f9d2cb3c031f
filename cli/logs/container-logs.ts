import type { Docker, LogOptions } from "../docker/docker";
import { LogReader } from "./log-line";
import type { LogLine } from "./log-line";

/** A container whose log is read. */
export interface LoggedContainer {
  readonly name: string;

  /** Its name without the id of the stack. */
  readonly service: string;
}

/** The lines that containers have written until now, in the order of time. */
export async function writtenLines(
  docker: Docker,
  containers: LoggedContainer[],
  options: LogOptions,
): Promise<LogLine[]> {
  const all: LogLine[] = [];
  await Promise.all(containers.map((one) => eachLine(docker, one, options, (line) => all.push(line))));
  // Lines of one container at the same time keep their order.
  return all.sort((one, other) => (one.time < other.time ? -1 : one.time > other.time ? 1 : 0));
}

/** Hands on the lines of containers as they come, until all of them have stopped. */
export async function followLines(
  docker: Docker,
  containers: LoggedContainer[],
  options: LogOptions,
  onLine: (line: LogLine) => void,
): Promise<void> {
  await Promise.all(containers.map((one) => eachLine(docker, one, { ...options, follow: true }, onLine)));
}

async function eachLine(
  docker: Docker,
  { name, service }: LoggedContainer,
  options: LogOptions,
  onLine: (line: LogLine) => void,
): Promise<void> {
  const reader = new LogReader(service);
  for await (const line of docker.logLines(name, options)) onLine(reader.read(line));
}
