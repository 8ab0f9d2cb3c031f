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
import { dataFindings } from "./data";
import { driftOf } from "./drift";
import { Engine } from "../plan/engine";
import { accessChanges } from "../access/access";
import { settingEffects } from "./effects";
import { peopleMust } from "./people";
import { withKind } from "./images";
import { headline, summarize } from "./headline";
import { jobRuns } from "./jobs";
import { LineDiffs } from "../plan/line-diff";
import type { ContainerChange, Review, ContainerAction } from "../model/model";
import { otherResources } from "./other-resources";
import { Schedule } from "../plan/schedule";
import { unreadOf } from "./unread";
import { names, text, words } from "../model/text";
import type { Text } from "../model/text";
import { upAgainAt, orderOf, downtimeOf } from "./downtime";

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
      const downSeconds =
        container.action === "replaced" || container.action === "started" ? back.get(change.address) : undefined;
      const reason = gone.has(change.address) ? words("it is gone from the engine") : container.reason;
      return { ...container, image: withKind(container.image), downSeconds, reason };
    });
  const changing = containers.filter(({ action, changes }) => action !== "nothing" || changes.length > 0);
  const body = {
    stack,
    dataLoss: removedData(plan).length > 0 || missingData(plan).length > 0,
    people: peopleMust(containers),
    data: isEmpty(plan) && missingData(plan).length === 0 ? [] : dataFindings(plan, containers, engine),
    services: changing
      .filter(({ job }) => !job)
      .map(withoutAttributes)
      .sort(byRank),
    jobs: jobRuns(containers, configuration).sort((a, b) => (a.name < b.name ? -1 : 1)),
    downtime: downtimeOf(containers, schedule),
    order: orderOf(schedule, containers),
    access: accessChanges(plan, containers, engine, configuration),
    effects: containers.flatMap(settingEffects),
    unread: unreadOf(plan, containers, configuration, diffs),
    drift: driftOf(plan, diffs),
    otherResources: otherResources(plan, diffs),
    checks: failedChecks(plan).map(({ address, message }) =>
      message === undefined ? text`${address} fails` : text`${address} fails: ${message}`,
    ),
    notes: notesOf(plan, configuration),
  };
  const summary = summarize(body, isEmpty(plan), isRefreshOnly(plan));
  return { ...body, summary, headline: headline(body, summary) };
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
