import { reviewPlan } from "../../../cli/review/findings/review-plan";
import type { Review } from "../../../cli/review/model/model";
import type { Text } from "../../../cli/review/model/text";
import type { Plan, Values } from "../../../cli/terraform/json/plan-json";
import { render } from "../../../cli/review/render/render";
import { secretsOf } from "../../../cli/review/secrets/secrets";
import { PlanBuilder, ourContainer } from "./plan-builder";

/** A text as the review has it, without the marks that a renderer puts around names. */
export function plain(text: Text): string {
  return text.map((part) => (typeof part === "string" ? part : part.quoted)).join("");
}

/** A text with the marks that the terminal's renderer puts around names. */
export function quoted(text: Text): string {
  return text.map((part) => (typeof part === "string" ? part : `'${part.quoted}'`)).join("");
}

/** What the review of a plan says: its first line, and all it tells, a line each with its verdict before it. */
export function review(plan: Plan): { headline: string; said: string; review: Review } {
  const result = reviewPlan(plan, "mlflow");
  const said = [
    ...result.access.map(({ effect, danger, text }) => `${danger ? "danger" : effect}: ${plain(text)}`),
    ...result.data.map(({ effect, text }) => `${effect}: ${plain(text)}`),
    ...result.effects.map((one) => plain(one.text)),
    ...result.unread.map(({ text, changes }) => `${plain(text)} ${JSON.stringify(changes)}`),
  ];
  return { headline: plain(result.headline), said: said.join("\n"), review: result };
}

/** What a review of the stack `mlflow` says it compares. */
export const COMPARED = "Compared with what is deployed of the stack 'mlflow', at a time that the plan does not say.";

/** The review of a plan, as a terminal shows it. */
export function text(plan: Plan): string {
  return render(reviewPlan(plan, "mlflow"), "text", secretsOf(plan));
}

/** The first line of it. */
export function headline(plan: Plan): string {
  return text(plan).split("\n")[0] ?? "";
}

/** A plan in which one container of the stack changes. */
export function changed(before: Values, after: Values, references: { [name: string]: string[] } = {}): Plan {
  return new PlanBuilder()
    .resource("docker_container.web", ourContainer("web", before), ourContainer("web", after), {
      sensitive: ["upload"],
      references,
    })
    .build();
}

/** The label that says what a container is for. */
export function role(value: string): Values {
  return { labels: [{ label: "cdktf-mlflow.role", value }] };
}

/** A container that is not of this library. */
export const FOREIGN = { name: "agent", image: "example.com/agent:1" };
