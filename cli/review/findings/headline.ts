import type { Review } from "../model/model";
import { count, duration, join, text, words } from "../model/text";
import type { Text } from "../model/text";

const MAX_LOSSES = 5;

/** The most important line: lost data, else services, downtime, and access that opens. */
export function headline(review: Omit<Review, "headline">, isEmpty: boolean): Text {
  const lost = review.data.filter(({ effect }) => effect === "lost").map(({ text: what }) => what);
  if (lost.length > 0) {
    const more = lost.length > MAX_LOSSES ? [text`${lost.length - MAX_LOSSES} more`] : [];
    return text`Data would be lost: ${join([...lost.slice(0, MAX_LOSSES), ...more], "; ")}.`;
  }
  if (isEmpty)
    return words(review.drift.length > 0 ? "Nothing changes, but something was changed by hand." : "Nothing changes.");
  return join([...services(review), ...access(review), data(review)], " ");
}

function services({ services, jobs, downtime }: Omit<Review, "headline">): Text[] {
  const kinds = [
    ["removed", "removed"],
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

function access({ access }: Omit<Review, "headline">): Text[] {
  const opened = access.filter(({ effect }) => effect === "opens").length;
  const closed = access.filter(({ effect }) => effect === "closes").length;
  const parts = [
    ...(opened > 0 ? [`${count(opened, "thing opens", "things open")}`] : []),
    ...(closed > 0 ? [`${count(closed, "thing closes", "things close")}`] : []),
  ];
  return parts.length > 0 ? [words(`${parts.join(", ")}.`)] : [words("Nothing opens or closes.")];
}

function data({ data }: Omit<Review, "headline">): Text {
  const doubtful = data.some(({ effect }) => effect === "warning");
  return words(doubtful ? "No data is lost, but read what is said of it." : "No data is lost.");
}
