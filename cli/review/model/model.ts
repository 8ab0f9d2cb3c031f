import type { Text } from "./text";

/** What happens to a container. */
export type ContainerAction = "removed" | "replaced" | "started" | "new" | "updated" | "nothing";

/** A setting of a container or resource, before and after. */
export interface SettingChange {
  readonly kind: "setting";
  readonly name: string;

  /** Nothing where it was not set. */
  readonly before?: string;

  /** Nothing where it is not set any more. */
  readonly after?: string;
}

/** A file in a container, or a setting of several lines. */
export interface FileChange {
  readonly kind: "file";
  readonly name: string;
  readonly state: "new" | "changed" | "removed";
  readonly added?: number;
  readonly removed?: number;

  /** Lines of a unified diff; nothing where the content may not be shown. */
  readonly diff?: string;
}

/** Something of which only a sentence may be said. */
export interface Remark {
  readonly kind: "remark";
  readonly text: Text;
}

export type Change = SettingChange | FileChange | Remark;

/** A container that changes. */
export interface ContainerChange {
  readonly address: string;

  /** Its name on the engine. */
  readonly name: string;

  /** Whether this library made it. */
  readonly ours: boolean;
  readonly action: ContainerAction;

  /** Why it is replaced, where its own changes do not tell. */
  readonly reason?: Text;
  readonly image?: { readonly before?: string; readonly after?: string };
  readonly changes: readonly Change[];

  /** How long it is down at most, in seconds; nothing where it stays up. */
  readonly downSeconds?: number;
}

/** A one-shot container that the apply runs. */
export interface JobRun {
  readonly address: string;
  readonly name: string;

  /** What the job does and what that means. */
  readonly text: Text;
  readonly changes: readonly Change[];
}

/** Something that is reachable or allowed after the apply and was not before, or the contrary. */
export interface AccessChange {
  readonly effect: "opens" | "closes" | "changes";
  readonly text: Text;
}

/** A finding about data. Losses come first. */
export interface DataFinding {
  readonly effect: "lost" | "warning" | "new" | "kept";
  readonly text: Text;
}

/** How long users wait. */
export interface Downtime {
  /** At most so many seconds, besides what `unbounded` names; nothing where nobody waits. */
  readonly seconds: number;

  /** What takes time that no limit bounds. */
  readonly unbounded: readonly Text[];

  /** What users see meanwhile. */
  readonly remarks: readonly Text[];
}

/** Something that was changed on the engine, past Terraform. */
export interface Drift {
  readonly text: Text;
  readonly changes: readonly Change[];
}

/** Resources that are no containers and hold no data. */
export interface OtherResource {
  readonly action: string;
  readonly address: string;
  readonly changes: readonly Change[];
}

/** What a plan means for services, users and data. Holds no secret. */
export interface Review {
  readonly stack: string;

  /** What matters most, in a line. */
  readonly headline: Text;
  readonly dataLoss: boolean;
  readonly data: readonly DataFinding[];
  readonly services: readonly ContainerChange[];
  readonly jobs: readonly JobRun[];
  readonly downtime?: Downtime;

  /** What the apply does to containers, one after the other. */
  readonly order: readonly Text[];
  readonly access: readonly AccessChange[];
  readonly drift: readonly Drift[];
  readonly otherResources: readonly OtherResource[];

  /** What the reader should know about the review itself. */
  readonly notes: readonly Text[];
}
