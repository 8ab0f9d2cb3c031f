import type { Review } from "../model/model";
import { count, duration, join, text, words } from "../model/text";
import type { Text } from "../model/text";

const MAX_LOSSES = 5;

type Body = Omit<Review, "headline" | "summary">;

/** The most important line: lost data, else the summary. */
export function headline({ data }: Body, summary: Text): Text {
  const lost = data.filter(({ effect }) => effect === "lost").map(({ text: what }) => what);
  if (lost.length === 0) return summary;
  const more = lost.length > MAX_LOSSES ? [text`${lost.length - MAX_LOSSES} more`] : [];
  return text`Data would be lost: ${join([...lost.slice(0, MAX_LOSSES), ...more], "; ")}.`;
}

/** The line that counts what changes: services, downtime, access, and what was not checked. */
export function summarize(review: Body, isEmpty: boolean, isRefreshOnly: boolean): Text {
  const failed =
    review.checks.length > 0 ? [words(`${count(review.checks.length, "check fails", "checks fail")}.`)] : [];
  const found = [...access(review), ...effects(review), ...data(review), ...unread(review), ...failed];
  if (isRefreshOnly || (isEmpty && review.unread.length === 0 && review.access.length === 0))
    return join([unchanged(review, isEmpty), ...failed], " ");
  if (isEmpty) return join([...byHand(review), ...found], " ");
  return join([...services(review), ...state(review), ...found, ...byHand(review)], " ");
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

function services({ services, jobs, downtime }: Body): Text[] {
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
  if (!downtime)
    return services.some(({ action }) => action === "removed") ? what : [...what, words("Users do not wait.")];
  const plus = downtime.unbounded.length > 0 ? ", besides what has no limit" : "";
  return [...what, words(`Users wait ${duration(downtime.seconds)} at most${plus}.`)];
}

function access({ access, unread }: Body): Text[] {
  const opened = access.filter(({ effect }) => effect === "opens").length;
  const closed = access.filter(({ effect }) => effect === "closes").length;
  const dangers = access.filter(({ danger }) => danger).length;
  const parts = [
    ...(dangers > 0 ? [`${count(dangers, "access is", "accesses are")} dangerous`] : []),
    ...(opened > 0 ? [`${count(opened, "thing opens", "things open")}`] : []),
    ...(closed > 0 ? [`${count(closed, "thing closes", "things close")}`] : []),
  ];
  if (parts.length > 0) return [words(`${parts.join(", ")}.`)];
  return unread.length > 0 || access.length > 0 ? [] : [words("Nothing opens or closes.")];
}

// What is said to be kept, or closed, holds only for what the review has judged.
function data({ data, unread }: Body): Text[] {
  if (data.some(({ effect }) => effect === "lost")) return [];
  if (data.some(({ effect }) => effect === "warning")) return [words("Read what is said of the data.")];
  return unread.length > 0 ? [] : [words("No data is lost.")];
}

function effects({ effects }: Body): Text[] {
  if (effects.length === 0) return [];
  return [words(`${count(effects.length, "setting weakens", "settings weaken")} a service.`)];
}

function unread({ unread }: Body): Text[] {
  if (unread.length === 0) return [];
  const what = unread.length === 1 ? "it" : "them";
  const amount = count(unread.length, "change was", "changes were");
  return [words(`${amount} not checked: a person who knows ${what} must read ${what}.`)];
}
