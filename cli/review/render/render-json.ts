import type { Change, Review } from "../model/model";
import type { Text } from "../model/text";

/** The review for programs. Fields are only ever added within a `version`. */
export function renderJson(review: Review): string {
  const { services, jobs, data, waiting, openings, drift, others } = review;
  const document = {
    version: 1,
    stack: review.stack,
    headline: plain(review.headline),
    dataLoss: review.dataLoss,
    data: data.map(({ effect, text }) => ({ effect, text: plain(text) })),
    services: services.map(({ changes, reason, away, ...service }) => ({
      ...service,
      reason: reason && plain(reason),
      awaySecondsAtMost: away,
      changes: changes.map(change),
    })),
    jobs: jobs.map(({ text, changes, ...job }) => ({ ...job, text: plain(text), changes: changes.map(change) })),
    waiting: waiting && {
      secondsAtMost: waiting.seconds,
      unbounded: waiting.unbounded.map(plain),
      remarks: waiting.remarks.map(plain),
    },
    order: review.order.map(plain),
    openings: openings.map(({ effect, text }) => ({ effect, text: plain(text) })),
    drift: drift.map(({ text, changes }) => ({ text: plain(text), changes: changes.map(change) })),
    others: others.map(({ changes, ...other }) => ({ ...other, changes: changes.map(change) })),
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
