import { ContainerRole } from "../../../lib/contract/container-roles";
import type { Attributes } from "../plan/attributes";
import { isSame } from "../plan/attributes";
import { environmentOf, isJob } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import { duration, text, words } from "../model/text";
import type { Text } from "../model/text";

const NO_CHECK = /^(NONE|CMD(-SHELL)? (\/bin\/)?(true|:|exit 0)|)$/;
const TIME_LIMIT = /^-c statement_timeout=(\S+)$/;
// Settings with which PostgreSQL no longer waits until its data is on the disk.
const NOT_DURABLE = /^(fsync|full_page_writes|synchronous_commit)=(off|false|no|0|local|remote_write)$/;

/** Settings that make a service weaker or slower, or that hide its failures. */
export function settingEffects(container: PlannedContainer): Text[] {
  const { name, before, after, role, action } = container;
  if (!after || action === "nothing") return [];
  return [
    ...(role === ContainerRole.DATABASE ? durability(name, before, after) : []),
    ...(before ? [...memory(name, before, after), ...checks(name, before, after), ...times(name, before, after)] : []),
  ];
}

function durability(name: string, before: Attributes | undefined, after: Attributes): Text[] {
  const old = before?.texts("command") ?? [];
  return after
    .texts("command")
    .filter((word) => NOT_DURABLE.test(word) && !old.includes(word))
    .map(
      (word) =>
        text`${name} no longer makes sure that data is on the disk (${word}): a power cut or a crash loses the latest runs, or damages the whole database`,
    );
}

function memory(name: string, before: Attributes, after: Attributes): Text[] {
  const [old, now] = [before, after].map((side) => side.number("memory") ?? 0);
  if (old === now || old === undefined || now === undefined) return [];
  if (now === 0) return [text`${name} may use all memory of the host, and push out everything else there`];
  if (old !== 0 && now > old) return [];
  return [
    text`${name} gets less memory: ${now} MiB instead of ${old === 0 ? words("all of the host") : text`${old} MiB`}; the engine ends it if it needs more, and it starts again`,
  ];
}

function checks(name: string, before: Attributes, after: Attributes): Text[] {
  const [old, now] = [before, after].map((side) => side.blocks("healthcheck")[0]);
  const testOf = (check: typeof old) => (Array.isArray(check?.test) ? check.test.map(String).join(" ") : "");
  const found: Text[] = [];
  if (testOf(old) !== testOf(now)) {
    found.push(
      NO_CHECK.test(testOf(now))
        ? text`the health check of ${name} checks nothing any more: the apply calls it well even if it does not work, and nothing tells when it fails`
        : text`the health check of ${name} checks something else: ${testOf(now)} instead of ${testOf(old)}`,
    );
  } else if (!isSame(old, now)) {
    found.push(
      text`the health check of ${name} has other times or tries: an outage is seen earlier or later than before`,
    );
  }
  if (isJob(before) !== isJob(after))
    found.push(
      text`${name} ${words(isJob(after) ? "runs once instead of all the time" : "runs all the time instead of once")}`,
    );
  else if (before.value("must_run") === true && after.value("must_run") !== true)
    found.push(text`Terraform no longer starts ${name} again if it has stopped`);
  if (before.value("wait") === true && after.value("wait") !== true)
    found.push(text`the apply no longer waits until ${name} works: it succeeds even if the service does not start`);
  const [policy, next] = [before, after].map((side) => side.text("restart") ?? "no");
  if (policy !== next)
    found.push(
      text`after a crash, or a restart of the host, ${name} starts again by the rule ${next ?? ""} instead of ${policy ?? ""}`,
    );
  return found;
}

function times(name: string, before: Attributes, after: Attributes): Text[] {
  const found: Text[] = [];
  const [old, now] = [before, after].map(
    (side) => side.number("destroy_grace_seconds") ?? side.number("stop_timeout") ?? 10,
  );
  const [stop, next] = [before, after].map((side) => side.number("stop_timeout") ?? 10);
  const [had = 0, has = 0] = [Math.min(old ?? 0, stop ?? 0), Math.min(now ?? 0, next ?? 0)];
  if (has < had && !isJob(after))
    found.push(
      text`${name} has ${words(duration(has))} instead of ${words(duration(had))} to stop; what it has not finished then is cut off`,
    );
  const [limit, other] = [before, after].map((side) => limitOf(side));
  if (limit !== other)
    found.push(
      text`a query of the database may take ${other ?? words("as long as it wants")} instead of ${limit ?? words("as long as it wants")}: a longer one ends with an error`,
    );
  return found;
}

/** The time limit of a query in the variable `PGOPTIONS`; the whole variable if it says more. */
function limitOf(container: Attributes): string | undefined {
  const options = environmentOf(container)?.get("PGOPTIONS");
  return options === undefined ? undefined : (TIME_LIMIT.exec(options)?.[1] ?? options);
}
