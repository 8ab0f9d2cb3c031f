import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { Run } from "../run/command-run";
import { Deployment } from "../deployment/deployment";
import { followLines, writtenLines } from "../logs/container-logs";
import type { LoggedContainer } from "../logs/container-logs";
import { LogFilter } from "../logs/log-filter";
import type { LogLine } from "../logs/log-line";
import { renderJson, renderLine } from "../logs/render-line";
import { sinceOf } from "../logs/since";

/** Lines of each service, if nothing says which. */
const TAIL = 100;

/** Options of `logs`. */
export interface LogsOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** Goes on with new lines until it is interrupted. */
  readonly follow?: boolean;

  /** Only what is as young as this: `10m`, `2h`, `3d`, or a time. */
  readonly since?: string;

  /** Lines of each service. @default 100, and all of them with another choice */
  readonly tail?: number;

  /** Only the requests of this user. */
  readonly user?: string;

  /** Only the request with this id, or one that begins so. */
  readonly request?: string;

  /** Prints JSON, an object a line. */
  readonly json?: boolean;
}

/**
 * Prints what the containers of a stack have written, in the order of time.
 *
 * @param names services such as `gateway`; all by default.
 * @throws CommandError when the stack has no such service, or is not deployed.
 */
export async function logs(names: string[], options: LogsOptions): Promise<void> {
  const { stack, follow = false, user, request, json = false } = options;
  const since = options.since === undefined ? undefined : sinceOf(options.since);
  const { docker, synthesized, name: id, redaction } = await Deployment.synthesize(stack);
  // Whoever follows the log of an upgrade must not hold it up.
  Run.current.endTurn();
  await docker.info();
  const deployed = (await docker.containers(synthesized.containerNames)).map(({ Name: container }) => ({
    name: container,
    service: container.replace(`${id}-`, ""),
  }));
  const containers = chosen(deployed, names, id);
  const isChoice = since !== undefined || user !== undefined || request !== undefined;
  const range = { since, tail: options.tail ?? (isChoice ? undefined : TAIL) };
  const style = {
    width: Math.max(...containers.map(({ service }) => service.length)),
    colors: process.stdout.isTTY && !process.env.NO_COLOR,
  };
  const filter = new LogFilter({ user, request });
  const print = (line: LogLine) => {
    for (const one of filter.take(line)) {
      console.log(redaction.apply(json ? renderJson(one) : renderLine(one, style)));
    }
  };
  // `logs --follow | head` ends with its reader.
  process.stdout.once("error", () => process.exit());
  if (follow) return followLines(docker, containers, range, print);
  for (const line of await writtenLines(docker, containers, range)) print(line);
}

function chosen(all: LoggedContainer[], names: string[], id: string): LoggedContainer[] {
  if (all.length === 0) {
    throw new CommandError(`stack '${id}' has no containers here`, `Begin with: ${commandLine("up")}`);
  }
  const unknown = names.find((name) => !all.some(({ service }) => service === name));
  if (unknown !== undefined) {
    const known = all.map(({ service }) => service).sort();
    throw new CommandError(`stack '${id}' has no service '${unknown}'`, `It has: ${known.join(", ")}.`);
  }
  return names.length === 0 ? all : all.filter(({ service }) => names.includes(service));
}
