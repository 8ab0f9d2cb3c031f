import { ContainerRole } from "../../lib/contract/container-roles";
import { agoText, countText } from "../console/amounts";
import { commandLine } from "../console/command-line";
import { conditionOf } from "../deployment/health";
import type { ContainerDetails } from "../docker/inspected";
import type { Finding } from "./finding";

const HOUR = 3_600_000;
const MAX_LINE = 300;

const MEANING: { readonly [role: string]: string | undefined } = {
  [ContainerRole.BACKUP]: "No backups are made.",
  [ContainerRole.DATABASE]: "MLflow can neither read nor write runs: its users get errors.",
  [ContainerRole.EGRESS_ENTRY]: "MLflow reaches no host outside.",
  [ContainerRole.EGRESS_PROXY]: "MLflow reaches no host outside.",
  [ContainerRole.GARBAGE]: "What users deleted is not deleted for good.",
  [ContainerRole.GATEWAY]: "Nobody reaches MLflow: the gateway is the only way in.",
  [ContainerRole.OAUTH2_PROXY]: "Nobody can log in by single sign-on.",
  [ContainerRole.OBJECT_STORE]: "Models and other files can be neither stored nor loaded.",
  [ContainerRole.SERVER]: "Nobody can use MLflow: the gateway answers with errors.",
};

/** A container that a stack should have. */
export interface ExpectedContainer {
  readonly name: string;
  readonly role?: string;

  /** Whether it ends when its work is done. */
  readonly isJob: boolean;
}

/**
 * What is wrong with the containers of a stack.
 *
 * @param found those that the engine has.
 * @param lastLine gives the last line that a container has written, without secrets.
 */
export async function containerFindings(
  expected: ExpectedContainer[],
  found: ContainerDetails[],
  lastLine: (name: string) => Promise<string | undefined>,
  now = Date.now(),
): Promise<Finding[]> {
  const byName = new Map(found.map((container) => [container.Name, container]));
  const findings = await Promise.all(
    expected.map(async (one): Promise<Finding | undefined> => {
      const container = byName.get(one.name);
      if (!container) return missing(one);
      const problem = one.isJob ? jobProblem(container) : serviceProblem(container, now);
      if (!problem) return undefined;
      const line = problem.isExplained ? undefined : await lastLine(one.name);
      const said = line ? `. Its last line: ${oneLine(line)}` : "";
      return { check: problem.check, found: `${problem.text}${said}`, meaning: meaningOf(one), remedy: problem.remedy };
    }),
  );
  return findings.filter((finding) => finding !== undefined);
}

interface ContainerProblem {
  readonly check: string;
  readonly text: string;
  readonly remedy: string;

  /** Whether its log says nothing more. */
  readonly isExplained?: boolean;
}

function missing(one: ExpectedContainer): Finding | undefined {
  // A job that has ended leaves nothing that its stack needs.
  if (one.isJob) return undefined;
  const found = `The container ${one.name} does not exist`;
  return { check: "missing-container", found, meaning: meaningOf(one), remedy: commandLine("up") };
}

function jobProblem({ Name, State }: ContainerDetails): ContainerProblem | undefined {
  if (State.Status !== "exited" || State.ExitCode === 0) return undefined;
  return {
    check: "failed-job",
    text: `The job ${Name} has failed, with status ${State.ExitCode}`,
    remedy: `Repair what it names, then run it again: ${commandLine("up")}`,
  };
}

function serviceProblem(container: ContainerDetails, now: number): ContainerProblem | undefined {
  const { Name, State, RestartCount = 0 } = container;
  const logs = `docker logs --tail 50 ${Name}`;
  const memory = State.OOMKilled ? ", because it needed more memory than its limit" : "";
  const condition = conditionOf(container);
  if (condition === "restarting") {
    return {
      check: "restarting-container",
      text: `${Name} ends and is started again, ${countText(RestartCount, "time")} so far, last with status ${State.ExitCode}${memory}`,
      remedy: `Repair what it names. To see more: ${logs}`,
    };
  }
  if (condition === "unhealthy") {
    return {
      check: "unhealthy-container",
      text: `${Name} runs, and its health check fails`,
      remedy: `Read what it says: ${logs}. To start it again: docker restart ${Name}`,
    };
  }
  if (condition === "starting") {
    return {
      check: "starting-container",
      text: `${Name} was started ${agoText(State.StartedAt, now)}, and no health check has succeeded yet`,
      remedy: `Wait a minute, then look again: ${commandLine("doctor")}`,
      isExplained: true,
    };
  }
  if (condition === "paused") {
    return {
      check: "stopped-container",
      text: `${Name} is paused`,
      remedy: `docker unpause ${Name}`,
      isExplained: true,
    };
  }
  if (State.Status !== "running") {
    return {
      check: "stopped-container",
      text: `${Name} does not run: it is ${condition}, with status ${State.ExitCode}${memory}`,
      remedy: `docker start ${Name}`,
    };
  }
  if (RestartCount > 0 && now - Date.parse(State.StartedAt) < HOUR) {
    return {
      check: "restarted-container",
      text: `${Name} runs, but ended by itself and was started again, ${countText(RestartCount, "time")}, last ${agoText(State.StartedAt, now)}`,
      remedy: `Read why: ${logs}`,
    };
  }
  return undefined;
}

function meaningOf({ role, isJob }: ExpectedContainer): string {
  if (isJob) return "What the job prepares may be missing.";
  return MEANING[role ?? ""] ?? "What this container does is missing.";
}

// A log may hold control characters, which a terminal obeys.
function oneLine(line: string): string {
  const text = line.replaceAll(/\p{Cc}/gu, " ").trim();
  return text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text;
}
