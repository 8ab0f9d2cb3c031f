import { isDangerous } from "../model/access-change";
import type { Change, Review } from "../model/model";
import type { Text } from "../model/text";

/** The review as JSON for programs. Within a `version` fields are only added. */
export function renderJson(review: Review): string {
  const document = {
    version: 1,
    stack: review.stack,
    headline: plain(review.headline),
    summary: plain(review.summary),
    compared: review.compared && plain(review.compared),
    dataLoss: review.dataLoss,
    warnings: review.warnings.map(plain),
    people: review.people.map(({ text }) => plain(text)),
    data: review.data.map(({ effect, content, text, risks, when, wayBack, staysDown = false }) => ({
      effect,
      content,
      text: plain(text),
      risks: risks?.map(plain),
      when: when && plain(when),
      wayBack: wayBack && plain(wayBack),
      staysDown,
    })),
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
    jobs: review.jobs.map(({ address, name, ours, text, changes }) => ({
      address,
      name,
      ours,
      text: plain(text),
      changes: changes.map(change),
    })),
    waiting: review.downtime && {
      usualSeconds: review.downtime.usualSeconds,
      secondsAtMost: review.downtime.seconds,
      unbounded: review.downtime.unbounded.map(plain),
      staysDown: review.downtime.staysDown,
      remarks: review.downtime.remarks.map(plain),
    },
    order: review.order.map(plain),
    dangerousAccess: isDangerous(review),
    openings: review.access.map(({ effect, danger = false, text }) => ({ effect, danger, text: plain(text) })),
    picture: review.picture,
    alongside: review.alongside.map(plain),
    effects: review.effects.map(({ text }) => plain(text)),
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
