import type { Change, Review } from "../model/model";
import type { Text } from "../model/text";

/** The review as JSON for programs. Within a `version` fields are only added. */
export function renderJson(review: Review): string {
  const document = {
    version: 1,
    stack: review.stack,
    headline: plain(review.headline),
    summary: plain(review.summary),
    dataLoss: review.dataLoss,
    people: review.people.map(plain),
    data: review.data.map(({ effect, text }) => ({ effect, text: plain(text) })),
    services: review.services.map(({ address, name, ours, action, image, reason, downSeconds, changes }) => ({
      address,
      name,
      ours,
      verdict: action,
      image,
      reason: reason && plain(reason),
      awaySecondsAtMost: downSeconds,
      changes: changes.map(change),
    })),
    jobs: review.jobs.map(({ text, changes, ...job }) => ({ ...job, text: plain(text), changes: changes.map(change) })),
    waiting: review.downtime && {
      secondsAtMost: review.downtime.seconds,
      unbounded: review.downtime.unbounded.map(plain),
      remarks: review.downtime.remarks.map(plain),
    },
    order: review.order.map(plain),
    dangerousAccess: review.access.some(({ danger }) => danger === true),
    openings: review.access.map(({ effect, danger = false, text }) => ({ effect, danger, text: plain(text) })),
    effects: review.effects.map(plain),
    unread: review.unread.map(({ text, changes }) => ({ text: plain(text), changes: changes.map(change) })),
    drift: review.drift.map(({ text, changes }) => ({ text: plain(text), changes: changes.map(change) })),
    others: review.otherResources.map(({ changes, ...other }) => ({ ...other, changes: changes.map(change) })),
    checks: review.checks.map(plain),
    notes: review.notes.map(plain),
  };
  return JSON.stringify(document, null, 2);
}

function change(one: Change): object {
  return one.kind === "remark" ? { kind: one.kind, text: plain(one.text) } : one;
}

function plain(text: Text): string {
  return text.map((part) => (typeof part === "string" ? part : part.quoted)).join("");
}
