import type { Text } from "./text";

/** The action on a container. */
export type ContainerAction = "removed" | "left" | "replaced" | "started" | "new" | "updated" | "nothing";

/** A setting of a container or resource, before and after. */
export interface SettingChange {
  readonly kind: "setting";
  readonly name: string;

  /** Undefined if it was not set. */
  readonly before?: string;

  /** Undefined if it is no longer set. */
  readonly after?: string;
}

/** A file in a container, or a setting of several lines. */
export interface FileChange {
  readonly kind: "file";
  readonly name: string;
  readonly state: "new" | "changed" | "removed";
  readonly added?: number;
  readonly removed?: number;

  /** Lines of a unified diff; undefined if the content must not be shown. */
  readonly diff?: string;
}

/** A change in one sentence. */
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

  /** Whether this library created it. */
  readonly ours: boolean;
  readonly action: ContainerAction;

  /** Why it is replaced, if its own changes do not show it. */
  readonly reason?: Text;
  readonly image?: {
    readonly before?: string;
    readonly after?: string;

    /** How the one differs from the other. */
    readonly kind?: "same" | "upgrade" | "downgrade" | "rebuilt" | "source" | "product";
  };
  readonly changes: readonly Change[];

  /** Seconds for which it is down at most; undefined if it stays up. */
  readonly downSeconds?: number;
}

/** A one-shot container that the apply runs. */
export interface JobRun {
  readonly address: string;
  readonly name: string;

  /** The work of the job, and its effects. */
  readonly text: Text;
  readonly changes: readonly Change[];
}

/** Something that the apply makes reachable or allowed, or no longer so. */
export interface AccessChange {
  readonly effect: "opens" | "closes" | "changes";

  /** Whether a person has to agree to it on its own, as to the loss of data. */
  readonly danger?: boolean;
  readonly text: Text;
}

/** Something that the review does not judge: a person must read it. */
export interface Unread {
  readonly text: Text;
  readonly changes: readonly Change[];
}

/** A finding about data. Losses come first. */
export interface DataFinding {
  readonly effect: "lost" | "warning" | "new" | "kept";
  readonly text: Text;
}

/** How long users wait. */
export interface Downtime {
  /** Maximum number of seconds, without the work that `unbounded` names. */
  readonly seconds: number;

  /** Work whose time has no limit. */
  readonly unbounded: readonly Text[];

  /** The effect on users meanwhile. */
  readonly remarks: readonly Text[];
}

/** Something that was changed on the engine without Terraform. */
export interface Drift {
  readonly text: Text;
  readonly changes: readonly Change[];
}

/** A change of a resource that is no container and holds no data, or of an output. */
export interface OtherResource {
  readonly action: string;
  readonly address: string;
  readonly changes: readonly Change[];
}

/** The effects of a plan on services, users and data. Holds no secret. */
export interface Review {
  readonly stack: string;

  /** The most important line. */
  readonly headline: Text;

  /** The line that counts what changes; the headline, unless that tells of a loss of data. */
  readonly summary: Text;

  /** What people must do, and what they will see. */
  readonly people: readonly Text[];
  readonly dataLoss: boolean;
  readonly data: readonly DataFinding[];
  readonly services: readonly ContainerChange[];
  readonly jobs: readonly JobRun[];
  readonly downtime?: Downtime;

  /** The steps of the apply, in order. */
  readonly order: readonly Text[];
  readonly access: readonly AccessChange[];

  /** Settings that make a service weaker or slower, or that hide its failures. */
  readonly effects: readonly Text[];

  /** If there is any, the review cannot say that nothing opens and nothing is lost. */
  readonly unread: readonly Unread[];
  readonly drift: readonly Drift[];
  readonly otherResources: readonly OtherResource[];

  /** The app's checks that fail. */
  readonly checks: readonly Text[];

  /** Notes about the review itself. */
  readonly notes: readonly Text[];
}
