import { ContainerRole } from "../../../lib/contract/container-roles";
import type { GcSettings } from "../../../lib/contract/garbage";
import { durationText } from "../../console/amounts";
import { settingsOf, variableOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import type { DataFinding } from "../model/model";
import { text } from "../model/text";
import type { Text } from "../model/text";

const AGE = "GC_OLDER_THAN_SECONDS" satisfies keyof GcSettings;
const SCHEDULE = "GC_SCHEDULE" satisfies keyof GcSettings;

/** What users have deleted is deleted for good from now on, earlier than before, or at other times. */
export function garbageFindings(container: PlannedContainer): DataFinding[] {
  const { role, before, after, action } = container;
  if (role !== ContainerRole.GARBAGE || !after || action === "nothing" || action === "left") return [];
  if (!before) {
    const { [AGE]: age, [SCHEDULE]: schedule } = settingsOf(after);
    return [
      warning(
        text`what users of MLflow have deleted more than ${ageText(age)} ago, and files that nobody owns, are deleted for good by the schedule ${schedule ?? "of the service"}, in UTC`,
      ),
    ];
  }
  return [...earlier(container), ...otherTimes(container)];
}

function earlier(container: PlannedContainer): DataFinding[] {
  const [old, now] = variableOf(container, AGE);
  if (old === undefined || now === undefined || Number(now) >= Number(old)) return [];
  return [
    warning(
      text`what users of MLflow have deleted is deleted for good after ${ageText(now)} instead of ${ageText(old)}`,
    ),
  ];
}

function otherTimes(container: PlannedContainer): DataFinding[] {
  const [old, now] = variableOf(container, SCHEDULE);
  if (old === undefined || now === undefined || old === now) return [];
  return [
    warning(
      text`what users of MLflow have deleted is deleted for good by the schedule ${now} instead of ${old}, in UTC`,
    ),
  ];
}

function ageText(seconds: string | undefined): string {
  return seconds === undefined || Number.isNaN(Number(seconds)) ? "some time" : durationText(Number(seconds));
}

function warning(sentence: Text): DataFinding {
  return { effect: "warning", text: sentence };
}
