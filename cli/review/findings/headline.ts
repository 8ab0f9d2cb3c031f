import { CONTENTS } from "../model/model";
import type { DataFinding, Downtime, Review } from "../model/model";
import { capital, count, duration, join, text, words } from "../model/text";
import type { Text } from "../model/text";

const MAX_LOSSES = 5;
const MAX_NAMED = 2;
const CLAUSE = /[,:;]/;

type Body = Omit<Review, "headline" | "summary" | "warnings">;

/** The most important line: lost data, else the summary. */
export function headline({ data }: Body, summary: Text): Text {
  const lost = data.filter(({ effect }) => effect === "lost").map(({ text: what }) => what);
  return lost.length === 0 ? summary : text`Data is lost: ${firstOf(lost, MAX_LOSSES)}.`;
}

/** What must not be overlooked, besides lost data: it stands above everything else. */
export function warningsOf({ data, access, effects, people }: Body): Text[] {
  const removed = people.filter(({ isOff }) => isOff).map((one) => one.text);
  const isHidden = ({ effect, content }: DataFinding) => effect === "unreachable" && content && removed.length === 0;
  return [
    ...removed,
    ...data.filter((finding) => finding.staysDown ?? isHidden(finding)).map(dataText),
    ...access.flatMap((one) => (one.danger ? [one.text] : one.warning ? [one.warning] : [])),
    ...effects.filter(({ warning }) => warning).map((one) => one.text),
  ];
}

function dataText({ content, short, text: what, unless }: DataFinding): Text {
  if (unless && short) return text`no longer reachable: ${short}. MLflow refuses that and stays down, unless ${unless}`;
  return content === undefined ? what : text`${words(CONTENTS[content])}: ${what}`;
}

/** The line that a reader in a hurry decides by: what cannot be undone or must be done, then what merely happens. */
export function summarize(review: Body, isEmpty: boolean, isRefreshOnly: boolean): Text {
  const failed =
    review.checks.length > 0 ? [words(`${count(review.checks.length, "check fails", "checks fail")}.`)] : [];
  const [dangers, others] = [dangersOf(review), access(review)];
  const decisive = [...losses(review), ...off(review), ...data(review), ...people(review), ...dangers];
  const found = [...decisive, ...warned(review), ...looks(review)];
  const last = [...others, ...weaker(review), ...unread(review), ...failed, ...calm(review)];
  if (isRefreshOnly || (isEmpty && review.unread.length === 0 && review.access.length === 0))
    return join([unchanged(review, isEmpty), ...failed], " ");
  if (isEmpty) return join([...byHand(review), ...found, ...last], " ");
  return join([...found, ...services(review), ...state(review), ...last, ...byHand(review)], " ");
}

// The first ones, and how many there are more.
function firstOf(all: readonly Text[], most: number): Text {
  // "1 more" is no shorter than its name.
  const shown = all.length === most + 1 ? all.length : most;
  const more = all.length > shown ? [text`${all.length - shown} more`] : [];
  return join([...all.slice(0, shown), ...more], "; ");
}

function and(all: readonly Text[]): Text {
  const [last, ...others] = [...all].reverse();
  return others.length === 0 ? (last ?? []) : join([join(others.reverse(), ", "), last ?? []], " and ");
}

function unchanged({ drift }: Body, isEmpty: boolean): Text {
  if (!isEmpty) return words("No service changes: Terraform's state takes over what was changed by hand.");
  return words(drift.length > 0 ? "Nothing changes, but something was changed by hand." : "Nothing changes.");
}

function byHand({ drift }: Body): Text[] {
  return drift.length > 0 ? [words("Something was changed by hand.")] : [];
}

// What no service shows: providers' actions, and resources that only the state knows under another name.
function state({ otherResources }: Body): Text[] {
  const amount = (of: RegExp) => otherResources.filter(({ action }) => of.test(action)).length;
  const [invoked, moved, imported] = [amount(/^invoked/), amount(/^moved/), amount(/^imported/)];
  const parts = [...(moved > 0 ? [`${moved} moved`] : []), ...(imported > 0 ? [`${imported} imported`] : [])];
  return [
    ...(invoked > 0 ? [words(`${count(invoked, "action")} of a provider invoked.`)] : []),
    ...(parts.length > 0 ? [words(`In Terraform's state: ${parts.join(", ")}.`)] : []),
  ];
}

function losses({ data }: Body): Text[] {
  const lost = data.filter(({ effect }) => effect === "lost");
  const named = lost.map((finding) => finding.short ?? finding.text);
  return lost.length === 0 ? [] : [text`Data is lost: ${firstOf(named, MAX_NAMED)}.`];
}

function off({ downtime, people }: Body): Text[] {
  const removed = people.flatMap(({ isOff, sentence }) => (isOff && sentence ? [sentence] : []));
  if (!downtime?.staysDown || removed.length > 0) return removed;
  return [
    downtime.unless
      ? text`MLflow stays down, unless ${downtime.unless}.`
      : words("MLflow stays down until this change is taken back."),
  ];
}

function people({ people }: Body): Text[] {
  const needs = people.flatMap(({ need }) => (need ? [need] : []));
  return [
    ...(needs.length > 0 ? [text`Everybody needs ${and(needs)}.`] : []),
    ...people.flatMap(({ isOff, sentence }) => (!isOff && sentence ? [sentence] : [])),
  ];
}

function services({ services, jobs, downtime, unread, effects, people }: Body): Text[] {
  const kinds = [
    ["removed", "removed"],
    ["left", "no longer managed"],
    ["replaced", "replaced"],
    ["started", "started again"],
    ["new", "new"],
    ["updated", "changed while running"],
  ] as const;
  const parts = kinds.flatMap(([action, phrase]) => {
    const amount = services.filter((service) => service.action === action).length;
    return amount === 0 ? [] : [`${count(amount, "service")} ${phrase}`];
  });
  if (jobs.length > 0) parts.push(`${count(jobs.length, "job")} to run`);
  const what = parts.length > 0 ? [words(`${parts.join(", ")}.`)] : [words("No service changes.")];
  const isOut = people.some(({ need }) => need);
  const out = isOut ? [words("That is the time of the services: everybody is out until they have what is new.")] : [];
  if (downtime) return downtime.staysDown ? what : [...what, waiting(downtime), ...out];
  const mayMeet = effects.flatMap((effect) => (effect.mayMeet ? [effect.mayMeet] : []));
  if (mayMeet.length > 0)
    return [...what, text`Users do not wait, with one exception: ${join(mayMeet, "; ")} until it is up again.`];
  const isRemoved = services.some(({ action }) => action === "removed");
  return isRemoved || unread.length > 0 ? what : [...what, words("Users do not wait.")];
}

function waiting({ outage, usualSeconds, seconds, unbounded }: Downtime): Text {
  const usual = usualSeconds === undefined ? "" : `for about ${duration(usualSeconds)}`;
  const what = text`${capital(outage)} `;
  if (unbounded.length === 0)
    return text`${what}${words(usual === "" ? "for " : `${usual}, `)}${words(duration(seconds))} at most unless a step fails.`;
  const has = unbounded.length === 1 ? "has" : "have";
  const wait = usual === "" ? "without an upper limit" : `${usual}; there is no upper limit`;
  return text`${what}${words(wait)}, because ${join(unbounded, " and ")} ${words(has)} none.`;
}

// Each is counted once: a danger is what opens. The warnings above have all of them.
function dangersOf({ access }: Body): Text[] {
  const dangers = access.filter(({ danger }) => danger);
  if (dangers.length === 0) return [];
  const named = dangers.map(({ short, text: what }) => short ?? firstClause(what));
  return [text`${words(count(dangers.length, "access is", "accesses are"))} dangerous: ${firstOf(named, 1)}.`];
}

function firstClause(sentence: Text): Text {
  const end = sentence.findIndex((part) => typeof part === "string" && CLAUSE.test(part));
  const last = sentence[end];
  return typeof last === "string" ? [...sentence.slice(0, end), last.split(CLAUSE)[0] ?? ""] : sentence;
}

function access({ access, unread }: Body): Text[] {
  if (access.length === 0) return unread.length > 0 ? [] : [words("Nothing opens or closes.")];
  const opened = access.filter(({ effect, danger }) => effect === "opens" && !danger);
  const closed = access.filter(({ effect, danger }) => effect === "closes" && !danger);
  return [
    // The greatest come first.
    ...(opened.length > 0
      ? [
          text`Opens: ${firstOf(
            opened.map(({ short, text: what }) => short ?? what),
            MAX_NAMED,
          )}.`,
        ]
      : []),
    ...(closed.length > 1 ? [words(`${count(closed.length, "thing closes", "things close")}.`)] : []),
    ...(closed.length === 1 ? closed.map(({ short, text: what }) => text`Closes: ${short ?? firstClause(what)}.`) : []),
  ];
}

function data({ data }: Body): Text[] {
  const found = (wanted: DataFinding["effect"], dumped = false) => {
    const all = data.filter(
      ({ effect, isUnreadable, isDumped = false }) => effect === wanted && !isUnreadable && isDumped === dumped,
    );
    const named = all.map(
      ({ short, content }) => short ?? words(content === undefined ? "some data" : CONTENTS[content]),
    );
    return [...new Map(named.map((one) => [JSON.stringify(one), one])).values()];
  };
  const unreadable = data.filter(({ isUnreadable }) => isUnreadable);
  const [changed, dumped, unreachable] = [found("changed"), found("changed", true), found("unreachable")];
  return [
    ...unreadable.map(({ short, text: what }) => text`${capital(short ?? what)}.`),
    ...(changed.length > 0 ? [text`Changed, with no way back without a backup: ${join(changed, "; ")}.`] : []),
    ...(dumped.length > 0 ? [text`Changed, and only the dump from before leads back: ${join(dumped, "; ")}.`] : []),
    ...(unreachable.length > 0 ? [text`Kept, but no longer reachable: ${join(unreachable, "; ")}.`] : []),
  ];
}

function looks({ data }: Body): Text[] {
  const all = data.filter(({ effect }) => effect === "warning").map(({ short, text: what }) => short ?? what);
  return all.length === 0 ? [] : [text`${capital(firstOf(all, MAX_NAMED))}.`];
}

function warned({ effects }: Body): Text[] {
  return effects.flatMap(({ warning }) => (warning ? [warning] : []));
}

function weaker({ effects }: Body): Text[] {
  const others = effects.filter(({ warning }) => !warning).map(({ short, text: what }) => short ?? firstClause(what));
  return others.length > 0 ? [text`Weaker or slower: ${firstOf(others, 1)}.`] : [];
}

function unread({ unread }: Body): Text[] {
  if (unread.length === 0) return [];
  const amount = count(unread.length, "change was", "changes were");
  return [
    text`${words(amount)} not checked: ${firstOf(
      unread.map(({ short }) => short),
      MAX_NAMED,
    )}.`,
  ];
}

// What is said to be kept holds only for what the review has judged. Where an access or a setting is a danger, it is no
// comfort that the apply itself deletes nothing.
function calm({ data, unread, access, effects }: Body): Text[] {
  const isTold = data.some(({ effect }) => /lost|changed|unreachable|warning/.test(effect));
  const isCalm =
    !isTold && unread.length === 0 && !access.some(({ danger }) => danger) && !effects.some(({ warning }) => warning);
  return isCalm ? [words("This apply deletes no data.")] : [];
}
