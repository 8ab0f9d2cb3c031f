import { ContainerRole } from "../../../lib/contract/container-roles";
import type { ServerSettings } from "../../../lib/contract/server-settings";
import type { Attributes } from "../plan/attributes";
import { isSame } from "../plan/attributes";
import { isJob, settingsOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import type { Effect } from "../model/model";
import { count, duration, text, words } from "../model/text";
import { outageOf } from "./outage";
import type { Text } from "../model/text";

const NO_CHECK = /^(NONE|CMD(-SHELL)? (\/bin\/)?(true|:|exit 0)|)$/;
const TIME_LIMIT = /^-c statement_timeout=(\S+)$/;
// Settings with which PostgreSQL no longer waits until its data is on the disk.
const NOT_DURABLE = /^(fsync|full_page_writes|synchronous_commit)=(off|false|no|0|local|remote_write)$/;
const DURABLE = /^(fsync|full_page_writes|synchronous_commit)=(on|true|yes|1|remote_apply)$/;

/** Settings that make a service weaker or slower, or that hide its failures. */
export function settingEffects(container: PlannedContainer): Effect[] {
  const { name, before, after, role, action } = container;
  if (!after) return [];
  // The provider does not change the health check of a container that runs.
  const isLater = action === "nothing" || action === "updated";
  return [
    ...(role === ContainerRole.DATABASE ? durability(name, before, after) : []),
    ...(before
      ? [
          ...checks(name, before, after, isLater),
          ...memory(container, before, after),
          ...plainly([...workers(name, before, after), ...starts(name, before, after), ...times(name, before, after)]),
        ]
      : []),
  ];
}

function plainly(sentences: readonly Text[]): Effect[] {
  return sentences.map((sentence) => ({ text: sentence }));
}

function durability(name: string, before: Attributes | undefined, after: Attributes): Effect[] {
  const old = before?.texts("command") ?? [];
  return after
    .texts("command")
    .filter((word) => NOT_DURABLE.test(word) && !old.includes(word))
    .map((word): Effect => {
      const isWhole = !word.startsWith("synchronous_commit");
      const loss = isWhole ? "can destroy the whole database" : "loses the latest runs";
      return {
        text: text`${name} no longer makes sure that data is on the disk (${word}): a power cut or a crash of the host ${words(loss)}`,
        warning: text`A power cut or a crash of the host ${words(loss)} from then on (${word}).`,
        ...(isWhole && {
          over: {
            contents: ["records"],
            who: "a power cut",
            clause: words("a power cut or a crash of the host can destroy it from then on"),
          },
        }),
      };
    });
}

/** Whether two command lines of a database differ only in settings that `settingEffects()` judges, or that make it safe. */
export function differInDurability(before: readonly string[], after: readonly string[]): boolean {
  const [old, now] = [before, after].map(databaseSettings);
  if (!old || !now) return false;
  const differing = [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key));
  return differing.every((key) => {
    const values = [old.get(key), now.get(key)].flatMap((value) => (value === undefined ? [] : [`${key}=${value}`]));
    return values.every((value) => NOT_DURABLE.test(value) || DURABLE.test(value));
  });
}

// `postgres -c name=value …`, each name once; undefined for anything else.
function databaseSettings([program, ...words]: readonly string[]): Map<string, string> | undefined {
  if (program !== "postgres" || words.length % 2 !== 0) return undefined;
  const found = new Map<string, string>();
  for (let index = 0; index < words.length; index += 2) {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(words[index + 1] ?? "") ?? [];
    if (words[index] !== "-c" || name === undefined || value === undefined || found.has(name)) return undefined;
    found.set(name, value);
  }
  return found;
}

function memory(container: PlannedContainer, before: Attributes, after: Attributes): Effect[] {
  const { name, action } = container;
  const [old, now] = [before, after].map((side) => side.number("memory") ?? 0);
  if (old === now || old === undefined || now === undefined) return [];
  if (now === 0) return plainly([text`${name} may use all memory of the host, and push out everything else there`]);
  if (old !== 0 && now > old) return [];
  const short = text`${name} gets less memory: ${now} MiB instead of ${old === 0 ? words("all of the host") : text`${old} MiB`}`;
  const again = words(afterItsEnd(after.text("restart")).replace(/^If it ends[^,]*, /, ""));
  if (action !== "updated") return [{ short, text: text`${short}; if it needs more, it is ended, and ${again}` }];
  const mayMeet = text`if ${name} uses more than ${now} MiB, it may be ended at once, and ${outageOf([container])}`;
  return [
    {
      short,
      mayMeet,
      text: text`${short}, while it runs: if it uses more than that already, it may be ended at once, and ${again}`,
    },
  ];
}

function workers(name: string, before: Attributes, after: Attributes): Text[] {
  const [old, now] = [before, after].map((side) => (settingsOf(side) as ServerSettings).MLFLOW_WORKERS);
  return Number(now) < Number(old)
    ? [
        text`${name} has ${words(count(Number(now), "worker"))} instead of ${Number(old)}, so it answers fewer requests at the same time`,
      ]
    : [];
}

function checks(name: string, before: Attributes, after: Attributes, isLater: boolean): Effect[] {
  // A job ends before anybody asks for its health.
  if (isJob(before) && isJob(after)) return [];
  const [old, now] = [before, after].map((side) => side.blocks("healthcheck")[0]);
  const testOf = (check: typeof old) => (Array.isArray(check?.test) ? check.test.map(String).join(" ") : "");
  const what = isLater
    ? text`from the next replacement of ${name} on, its health check`
    : text`the health check of ${name}`;
  if (testOf(old) === testOf(now))
    return isSame(old, now)
      ? []
      : plainly([text`${what} has other times or tries: an outage is seen earlier or later than before`]);
  if (!NO_CHECK.test(testOf(now)))
    return plainly([text`${what} checks something else: ${testOf(now)} instead of ${testOf(old)}`]);
  const check = testOf(now) === "" ? words("it has none") : text`it is ${testOf(now)}`;
  const when = words(isLater ? "From its next replacement on" : "From this apply on");
  const again = afterItsEnd(after.text("restart"));
  return [
    {
      text: text`${what} checks nothing any more (${check}): neither the engine nor an apply notices that it hangs or does not work. ${words(again)}`,
      warning: text`${when}, nothing notices that ${name} hangs: its health check checks nothing. ${words(again)}.`,
    },
  ];
}

function afterItsEnd(policy = "no"): string {
  if (/^(always|unless-stopped)$/.test(policy)) return "If it ends, the engine still starts it again";
  if (policy.startsWith("on-failure")) return "If it ends with an error, the engine still starts it again";
  return "If it ends, the engine does not start it again";
}

/** Whether a container runs, and how it starts. */
function starts(name: string, before: Attributes, after: Attributes): Text[] {
  const found: Text[] = [];
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
  if (limit !== undefined && other === undefined)
    found.push(
      text`a query of the database may take as long as it wants: until now, one that took longer than ${limit} ended with an error`,
    );
  else if (limit !== other && other !== undefined)
    found.push(
      text`a query of the database may take ${other} instead of ${limit ?? words("as long as it wants")}: a longer one ends with an error`,
    );
  return found;
}

/** The time limit of a query in the variable `PGOPTIONS`; the whole variable if it says more. */
function limitOf(container: Attributes): string | undefined {
  const { PGOPTIONS: options }: ServerSettings = settingsOf(container);
  return options === undefined ? undefined : (TIME_LIMIT.exec(options)?.[1] ?? options);
}
