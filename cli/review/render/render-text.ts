import { CONTENTS, stateOf } from "../model/model";
import type { Change, ContainerChange, DataFinding, OtherResource, Review } from "../model/model";
import { count, duration, shorten, visible } from "../model/text";
import type { Text } from "../model/text";

const MAX_CHARACTERS = 200;
const MAX_DIFF_LINES = 200;

const EFFECTS = {
  lost: "LOST",
  changed: "CHANGED",
  dumped: "CHANGED",
  unreadable: "SEALED",
  unreachable: "hidden",
  warning: "look",
  new: "new",
  kept: "kept",
  opens: "opens",
  closes: "closes",
  changes: "changes",
  danger: "DANGER",
  risk: "RISK",
  down: "DOWN",
};

const KINDS = {
  same: "the same",
  upgrade: "upgrade",
  downgrade: "downgrade",
  rebuilt: "another build of the same release",
  source: "from another source",
  product: "another product",
};

/** An action on a container in words. */
export function actionPhrase({ action, downSeconds, isUnbounded, reason }: ContainerChange): Text {
  const words = {
    removed: "is removed",
    left: "stays on the engine, and leaves the stack",
    replaced: "is replaced by a new container",
    started: "has stopped and is started again",
    new: "is new",
    updated: "is changed while it runs",
    nothing: "goes on as it is",
  };
  const because = reason ? [" (", ...reason, ")"] : [];
  return [
    words[action],
    ...because,
    ...(downSeconds === undefined
      ? []
      : [`, down ${isUnbounded ? "without an upper limit" : `for ${duration(downSeconds)} at most`}`]),
  ];
}

/**
 * A finding about data: what it is, what becomes of it, when, and the way back.
 *
 * @param before the finding above it: the same time and way back are not repeated.
 */
export function dataSentence(
  { content, text, risks = [], when, wayBack }: DataFinding,
  before: Partial<DataFinding> = {},
): Text {
  const isSame =
    wayBack !== undefined && JSON.stringify([when, wayBack]) === JSON.stringify([before.when, before.wayBack]);
  return [
    ...(content === undefined ? [] : [`${CONTENTS[content]}: `]),
    ...text,
    // What is kept, and by what it is not safe, belong together.
    ...risks.flatMap((risk): Text => ["; but ", ...risk]),
    ...(isSame ? [". When, and the way back: as above"] : []),
    ...(when && !isSame ? [". When: ", ...when] : []),
    ...(wayBack && !isSame ? [". Way back: ", ...wayBack] : []),
  ];
}

/** The review as text for a terminal. */
export function renderText(review: Review): string {
  const {
    data,
    services,
    jobs,
    downtime,
    order,
    access,
    effects,
    unread,
    people,
    drift,
    alongside,
    otherResources,
    checks,
    notes,
  } = review;
  const sections = [
    section(
      "Not checked: a person who knows this must read it",
      unread.flatMap(({ text, changes }) => [`  ${plain(text)}`, ...changes.flatMap(detail)]),
    ),
    section(
      "People",
      people.map(({ text }) => `  ${plain(text)}`),
    ),
    section(
      "Data",
      data.map((finding, index) =>
        item(EFFECTS[finding.staysDown ? "down" : stateOf(finding)], plain(dataSentence(finding, data[index - 1]))),
      ),
    ),
    section("Services", services.flatMap(service)),
    section(
      "Jobs",
      jobs.flatMap(({ name, text, changes }) => [`  ${visible(name)}: ${plain(text)}`, ...changes.flatMap(detail)]),
    ),
    section("Users", [
      ...(downtime?.remarks ?? []).map((text) => `  ${plain(text)}`),
      ...(downtime?.unbounded ?? []).map((text) => `  Has no upper limit: ${plain(text)}.`),
    ]),
    section(
      "Opens and closes",
      access.map(({ effect, danger, text }) => item(danger ? EFFECTS.danger : EFFECTS[effect], plain(text))),
    ),
    section(
      "Weaker or slower",
      effects.map(({ text, warning }) => (warning ? item(EFFECTS.risk, plain(text)) : `  ${plain(text)}`)),
    ),
    section(
      "Order",
      order.map((step, index) => `  ${String(index + 1).padStart(2)}. ${plain(step)}`),
    ),
    section(
      "Comes along, besides what the change says",
      alongside.map((sentence) => `  ${plain(sentence)}`),
    ),
    section(
      "Changed by hand",
      drift.flatMap(({ text, changes }) => [`  ${plain(text)}`, ...changes.flatMap(detail)]),
    ),
    section("Other resources", otherResources.flatMap(other)),
    section(
      "Checks",
      checks.map((check) => `  ${plain(check)}`),
    ),
    section(
      "Notes",
      notes.map((note) => `  ${plain(note)}`),
    ),
  ];
  const lines = [...new Set([plain(review.headline), plain(review.summary)])];
  if (review.compared) lines.push(plain(review.compared));
  return [...lines, ...sections.filter((lines) => lines !== "")].join("\n\n");
}

function section(title: string, lines: string[]): string {
  return lines.length === 0 ? "" : [`${title}`, ...lines].join("\n");
}

function item(effect: string, text: string): string {
  return `  ${effect.padEnd(8)} ${text}`;
}

function service(change: ContainerChange): string[] {
  const { image } = change;
  const kind = change.ours ? "" : " (not of cdktf-mlflow)";
  return [
    `  ${shown(change.name)}${kind} ${plain(actionPhrase(change))}`,
    ...(image ? [`      image: ${imageChange(image, value)}`] : []),
    ...change.changes.flatMap(detail),
  ];
}

/** The images of a container before and after, or its only one. */
export function imageChange(
  { before, after, kind }: NonNullable<ContainerChange["image"]>,
  show: (name: string | undefined) => string,
): string {
  if (before === undefined || after === undefined) return show(before ?? after);
  return `${show(before)} → ${show(after)}${kind === undefined ? "" : ` (${KINDS[kind]})`}`;
}

function detail(change: Change): string[] {
  if (change.kind === "remark") return [`      ${plain(change.text)}`];
  const name = shown(change.name);
  if (change.kind === "setting") return [`      ${name}: ${value(change.before)} → ${value(change.after)}`];
  const head = `      ${name}: ${fileSummary(change)}`;
  if (change.diff === undefined) return [head];
  const lines = change.diff.split("\n");
  const shownLines = lines.slice(0, MAX_DIFF_LINES).map((line) => `        ${visible(line, true)}`);
  const more = lines.length - MAX_DIFF_LINES;
  return [head, ...shownLines, ...(more > 0 ? [`        … ${count(more, "more line")}`] : [])];
}

/** How a file changes, in words. */
export function fileSummary({ state, added, removed }: Extract<Change, { kind: "file" }>): string {
  const parts = [
    ...(added ? [`${count(added, "line")} added`] : []),
    ...(removed ? [`${count(removed, "line")} removed`] : []),
  ];
  const figures = parts.length > 0 ? `, ${parts.join(", ")}` : "";
  return state === "changed" ? `changes${figures}` : `is ${state}${state === "removed" ? "" : figures}`;
}

function other({ action, address, changes }: OtherResource): string[] {
  return [`  ${shown(address)}: ${action}`, ...changes.flatMap(detail)];
}

function value(text: string | undefined): string {
  return text === undefined ? "(not set)" : text === "" ? "(empty)" : shown(text);
}

function shown(foreign: string): string {
  return visible(shorten(foreign, MAX_CHARACTERS));
}

function plain(text: Text): string {
  return text.map((part) => (typeof part === "string" ? part : quoted(part.quoted))).join("");
}

function quoted(name: string): string {
  const text = shown(name);
  return `'${text}'`;
}
