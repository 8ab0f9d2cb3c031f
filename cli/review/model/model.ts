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

  /** Seconds for which it is down at most; undefined if it stays up, or does not come up again. */
  readonly downSeconds?: number;

  /** Whether it waits for work whose time has no limit, on top of `downSeconds`. */
  readonly isUnbounded?: boolean;
}

/** A one-shot container that the apply runs. */
export interface JobRun {
  readonly address: string;
  readonly name: string;

  /** The work of the job, and its effects. */
  readonly text: Text;

  /** Whether this library created it. */
  readonly ours: boolean;
  readonly changes: readonly Change[];
}

/** Something that the apply makes reachable or allowed, or no longer so. */
export interface AccessChange {
  readonly effect: "opens" | "closes" | "changes";

  /** Whether a person has to agree to it on its own, as to the loss of data. */
  readonly danger?: boolean;

  /** What must not be overlooked although nobody has to agree to it on its own. */
  readonly warning?: Text;
  readonly text: Text;

  /** What opens in few words, for the headline; `text` if it is short itself. */
  readonly short?: Text;

  /** How much a reader has to know of it: the headline names the greatest first. */
  readonly weight?: number;

  /** The data that somebody can change or delete with it, and who. */
  readonly over?: DataRisk;
}

/** Somebody or something that endangers data which the apply itself keeps. */
export interface DataRisk {
  readonly contents: readonly DataContent[];

  /** A container, or another cause: of each, only the greatest risk is told. */
  readonly who: string;

  /** What may become of it, in a clause: `x can change and delete it`. */
  readonly clause: Text;
}

/** A setting that makes a service weaker or slower, or that hides its failures. */
export interface Effect {
  readonly text: Text;

  /** What a decision depends on, as a sentence of the headline; undefined if it does not. */
  readonly warning?: Text;

  /** What it is in few words, for the headline; `text` if it is short itself. */
  readonly short?: Text;

  /** What users meet if it goes wrong during the apply, although no service is down by it: a clause. */
  readonly mayMeet?: Text;
  readonly over?: DataRisk;
}

/** Something that people must do, or will see. */
export interface PeopleFinding {
  readonly text: Text;

  /** What everybody needs from then on, for the headline: `a new address`. */
  readonly need?: Text;

  /** Another sentence of the headline. */
  readonly sentence?: Text;

  /** Whether nobody can use MLflow from then on. */
  readonly isOff?: boolean;
}

/** Something that the review does not judge: a person must read it. */
export interface Unread {
  readonly text: Text;

  /** What it is in few words, for the headline. */
  readonly short: Text;
  readonly changes: readonly Change[];
}

/** A kind of MLflow's data: what the database holds, and what the artifact store holds. */
export type DataContent = "records" | "files";

/** The kinds of data in users' words. */
export const CONTENTS: { readonly [content in DataContent]: string } = {
  records: "experiments, runs, metrics and registered models",
  files: "files and models",
};

/** A finding about data. Losses come first. */
export interface DataFinding {
  /**
   * - `lost`: deleted;
   * - `changed`: with no way back without a copy from before; see `isDumped` and `isUnreadable`;
   * - `unreachable`: kept, but no longer reachable;
   * - `warning`: a person must judge it;
   * - `new`: an empty place;
   * - `kept`.
   */
  readonly effect: "lost" | "changed" | "unreachable" | "warning" | "new" | "kept";

  /** Undefined if it is not known what the data is. */
  readonly content?: DataContent;
  readonly text: Text;

  /** The time at which it happens, such as `as soon as the new containers run`. */
  readonly when?: Text;

  /** What brings the data back. */
  readonly wayBack?: Text;

  /** Whether the apply makes that copy itself, before it changes anything. */
  readonly isDumped?: boolean;

  /** Whether it stays where it is, and nobody can read it: a copy of the database does not help. */
  readonly isUnreadable?: boolean;

  /** Whether MLflow does not start again until the change is taken back. */
  readonly staysDown?: boolean;

  /** What MLflow starts with besides, if it stays down otherwise: `the data is in the new place already`. */
  readonly unless?: Text;

  /** What it is in few words, for the headline. */
  readonly short?: Text;

  /** Who or what endangers data that is kept. */
  readonly risks?: readonly Text[];
}

/** What happens to data, in one word: the effect, or what tells more than it. */
export function stateOf({
  effect,
  isUnreadable,
  isDumped,
}: DataFinding): DataFinding["effect"] | "unreadable" | "dumped" {
  if (isUnreadable) return "unreadable";
  return isDumped ? "dumped" : effect;
}

/** What users meet while services are down, and for how long. */
export interface Downtime {
  /** What they meet, in a clause: `connections are refused or requests wait`. */
  readonly outage: Text;

  /** Usual number of seconds; undefined if nobody has measured a step of it. */
  readonly usualSeconds?: number;

  /** Maximum number of seconds, without the work that `unbounded` names. */
  readonly seconds: number;

  /** Work whose time has no limit. */
  readonly unbounded: readonly Text[];

  /** Whether MLflow does not start again until the change is taken back. Then the times mean nothing. */
  readonly staysDown: boolean;

  /** What MLflow starts with besides. */
  readonly unless?: Text;

  /** The effect on users meanwhile. */
  readonly remarks: readonly Text[];
}

/** A connection of a container in a picture. */
export interface PictureLine {
  readonly kind: "port" | "network" | "internal network" | "egress";
  readonly container: string;

  /** Name of a network, a published port, or an outside host. */
  readonly to: string;
  readonly state: "same" | "new" | "removed";
}

/** The connections of the containers of which a connection changes. */
export interface Picture {
  readonly lines: readonly PictureLine[];
}

/** Something that was changed on the engine without Terraform. */
export interface Drift {
  readonly text: Text;

  /** Whether the apply changes it back. */
  readonly isPutRight: boolean;
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

  /** With what the plan compares, and when. */
  readonly compared?: Text;

  /** The most important line. */
  readonly headline: Text;

  /** The line that counts what changes; the headline, unless that tells of a loss of data. */
  readonly summary: Text;

  /** What must not be overlooked, apart from lost data. */
  readonly warnings: readonly Text[];

  /** What people must do, and what they will see. */
  readonly people: readonly PeopleFinding[];
  readonly dataLoss: boolean;
  readonly data: readonly DataFinding[];
  readonly services: readonly ContainerChange[];
  readonly jobs: readonly JobRun[];
  readonly downtime?: Downtime;

  /** The steps of the apply, in order. */
  readonly order: readonly Text[];
  readonly access: readonly AccessChange[];

  /** Networks, ports and egress before and after, if they differ. */
  readonly picture?: Picture;

  /** What the apply does besides what the author of the change has written. */
  readonly alongside: readonly Text[];

  /** Settings that make a service weaker or slower, or that hide its failures. */
  readonly effects: readonly Effect[];

  /** If there is any, the review cannot say that nothing opens and nothing is lost. */
  readonly unread: readonly Unread[];
  readonly drift: readonly Drift[];
  readonly otherResources: readonly OtherResource[];

  /** The app's checks that fail. */
  readonly checks: readonly Text[];

  /** Notes about the review itself. */
  readonly notes: readonly Text[];
}
