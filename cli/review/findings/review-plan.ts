import { missingData, removedData } from "../../terraform/json/data-loss";
import {
  actionOf,
  changesOf,
  isEmpty,
  isRefreshOnly,
  isUnexplained,
  unknownParts,
} from "../../terraform/json/plan-actions";
import { failedChecks } from "../../terraform/json/failed-checks";
import type { Plan, ResourceChange } from "../../terraform/json/plan-json";
import { Configuration } from "../plan/configuration";
import { containerChange } from "../plan/container-change";
import type { PlannedContainer } from "../plan/container-change";
import { dataFindings } from "../data/data";
import { driftOf } from "./drift";
import { Engine } from "../plan/docker-objects";
import { accessChanges } from "../access/access";
import { alongsideOf } from "./side-effects";
import { pictureOf } from "./picture";
import { settingEffects } from "./setting-effects";
import { peopleMust } from "./people";
import { withKind } from "../plan/images";
import { headline, summarize, warningsOf } from "./headline";
import { jobRuns } from "./jobs";
import { LineDiffs } from "../plan/line-diff";
import type { ContainerAction, ContainerChange, DataFinding, DataRisk, Review } from "../model/model";
import { otherResources } from "./other-resources";
import { Schedule } from "../plan/apply-schedule";
import { unreadOf } from "./unread";
import { names, text, words } from "../model/text";
import type { Text } from "../model/text";
import { upAgainAt, orderOf, downtimeOf, withTimes, withoutTimes } from "./downtime";

const RANKS: { readonly [action in ContainerAction]: number } = {
  removed: 0,
  left: 1,
  replaced: 2,
  started: 3,
  new: 4,
  updated: 5,
  nothing: 6,
};

/**
 * Reviews the effects of a plan on services, users and data.
 *
 * @param stack id of the stack.
 */
export function reviewPlan(given: Plan, stack: string): Review {
  const plan = inOrder(given);
  const configuration = new Configuration(plan);
  const engine = new Engine(plan, configuration);
  const schedule = new Schedule(plan, configuration);
  const diffs = new LineDiffs();
  const back = upAgainAt(schedule);
  const gone = new Set(
    (plan.resource_drift ?? []).filter((change) => actionOf(change) === "delete").map(({ address }) => address),
  );
  const containers = (plan.resource_changes ?? [])
    .filter(({ type, mode }) => type === "docker_container" && mode !== "data")
    .map((change): PlannedContainer => {
      const container = containerChange(change, { engine, configuration, diffs });
      const reason = gone.has(change.address) ? words("it is gone from the engine") : container.reason;
      return withTimes({ ...container, image: withKind(container.image), reason }, schedule, back);
    });
  const changing = containers.filter(({ action, changes }) => action !== "nothing" || changes.length > 0);
  const drift = driftOf(plan, diffs);
  const access = accessChanges(plan, containers, engine, configuration);
  const effects = containers.flatMap(settingEffects);
  const found = isEmpty(plan) && missingData(plan).length === 0 ? [] : dataFindings(plan, containers, engine);
  const data = withRisks(found, [...access, ...effects]);
  const staysDown = data.some((finding) => finding.staysDown);
  const body = {
    stack,
    compared: comparedWith(plan, stack),
    dataLoss: removedData(plan).length > 0 || missingData(plan).length > 0,
    people: peopleMust(containers, plan, configuration, data),
    data,
    services: changing
      .filter(({ job }) => !job)
      .map((container) => withoutAttributes(staysDown ? withoutTimes(container) : container))
      .sort(byRank),
    jobs: jobRuns(containers, configuration).sort((a, b) => (a.name < b.name ? -1 : 1)),
    downtime: downtimeOf(containers, schedule, new Schedule(plan, configuration, "usual"), data),
    order: orderOf(schedule, containers, data),
    access,
    effects,
    unread: unreadOf(plan, containers, configuration, diffs),
    drift,
    alongside: alongsideOf(containers, drift),
    picture: pictureOf(containers, engine),
    otherResources: otherResources(plan, diffs),
    checks: failedChecks(plan).map(({ address, message }) =>
      message === undefined ? text`${address} fails` : text`${address} fails: ${message}`,
    ),
    notes: notesOf(plan, configuration),
  };
  const summary = summarize(body, isEmpty(plan), isRefreshOnly(plan));
  return { ...body, summary, headline: headline(body, summary), warnings: warningsOf(body) };
}

// What the apply itself keeps is not safe beside an access or a setting that endangers it.
function withRisks(data: readonly DataFinding[], found: readonly { readonly over?: DataRisk }[]): DataFinding[] {
  return data.map((finding) => {
    const { content } = finding;
    const risks = new Map<string, Text>();
    for (const { over } of found)
      if (content && over?.contents.includes(content) && !risks.has(over.who)) risks.set(over.who, over.clause);
    return finding.effect === "kept" && risks.size > 0 ? { ...finding, risks: [...risks.values()] } : finding;
  });
}

function comparedWith({ timestamp }: Plan, stack: string): Text {
  const time = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d/.exec(timestamp ?? "");
  const what = text`Compared with what is deployed of the stack ${stack}`;
  return time
    ? text`${what}, as it was on ${words(`${time[1]} at ${time[2]} UTC`)}.`
    : text`${what}, at a time that the plan does not say.`;
}

// Sorted, so that an updated comment changes only where the plan does.
function inOrder(plan: Plan): Plan {
  const sort = (changes?: ResourceChange[]) => [...(changes ?? [])].sort((a, b) => (a.address < b.address ? -1 : 1));
  return { ...plan, resource_changes: sort(plan.resource_changes), resource_drift: sort(plan.resource_drift) };
}

function notesOf(plan: Plan, configuration: Configuration): Text[] {
  const notes: Text[] = [];
  if (plan.complete === false)
    notes.push(
      words("The plan covers a part only (-target, or changes that wait for others): another plan has to follow."),
    );
  if (isUnexplained(plan) && plan.complete !== false)
    notes.push(words("Terraform says that an apply does something, and this review does not know what."));
  const unknown = unknownParts(plan);
  if (unknown.length > 0)
    notes.push(text`This release does not read these parts of the plan, of a later Terraform: ${names(unknown)}.`);
  const changes = changesOf(plan);
  if (!configuration.isKnown && changes.some(({ type }) => type === "docker_container"))
    notes.push(words("The plan does not hold its configuration, so files, images and the order are not shown."));
  if (changes.some(({ change }) => change.after !== null && change.after_sensitive === undefined))
    notes.push(words("The plan does not say what is sensitive (an older format), so no setting is shown."));
  if (changes.some((change) => actionOf(change) === "replace" && change.change.actions[0] === "create"))
    notes.push(words("Some resources are created before the old ones are removed (create_before_destroy)."));
  return notes;
}

function byRank(a: ContainerChange, b: ContainerChange): number {
  return RANKS[a.action] - RANKS[b.action] || (a.name < b.name ? -1 : 1);
}

// They hold secrets.
function withoutAttributes({
  before: _before,
  after: _after,
  job: _job,
  role: _role,
  ...change
}: PlannedContainer): ContainerChange {
  return change;
}
