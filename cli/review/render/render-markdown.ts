import { shorten, visible } from "../model/text";
import type { Text } from "../model/text";
import { stateOf } from "../model/model";
import type { Change, ContainerChange, FileChange, OtherResource, Review } from "../model/model";
import { renderMermaid } from "./render-mermaid";
import { fileSummary, imageChange, actionPhrase, dataSentence } from "./render-text";

/** GitHub takes 65,536 characters a comment. */
export const MAX_CHARACTERS = 65_000;

/** How much is shown: each level shows less than the one before, and all show every action. */
interface Detail {
  /** Characters of all diffs together. */
  readonly diffs: number;
  readonly settings: boolean;

  /** Entries of each list. */
  readonly entries: number;
}

const DETAILS: readonly Detail[] = [
  { diffs: Infinity, settings: true, entries: Infinity },
  { diffs: 30_000, settings: true, entries: Infinity },
  { diffs: 0, settings: true, entries: Infinity },
  { diffs: 0, settings: false, entries: Infinity },
  { diffs: 0, settings: false, entries: 100 },
  { diffs: 0, settings: false, entries: 20 },
];

// Lines of a diff that may stand outside of a fold.
const SHORT_DIFF = 12;

const EFFECTS = {
  lost: "**Deleted**",
  changed: "**Changed, with no way back without a backup**",
  dumped: "**Changed, and only the dump from before leads back**",
  unreadable: "**Can no longer be read**",
  unreachable: "**Kept, but no longer reachable**",
  warning: "**Look**",
  new: "New",
  kept: "Kept",
  opens: "**Opens**",
  closes: "Closes",
  changes: "Changes",
};

/** The comment's first line, by which it is found again. */
export function marker(stack: string): string {
  // Two dashes would end the comment.
  return `<!-- mlflow-stack review: ${stack.replaceAll(/[^\w.-]/g, "_").replaceAll(/--+/g, "-")} -->`;
}

/** The review as Markdown for a comment on GitHub. A large one loses diffs first, then settings, then long lists. */
export function renderMarkdown(review: Review): string {
  let result = "";
  for (const detail of DETAILS) {
    result = new Page(review, detail).render();
    if (result.length <= MAX_CHARACTERS) return result;
  }
  return result;
}

class Page {
  private left: number;

  // Where each diff stands: the same file may change in several containers.
  private readonly shown = new Map<string, string>();

  constructor(
    private readonly review: Review,
    private readonly detail: Detail,
  ) {
    this.left = detail.diffs;
  }

  public render(): string {
    const {
      stack,
      headline,
      summary,
      people,
      dataLoss,
      data,
      services,
      jobs,
      downtime,
      order,
      access,
      effects,
      unread,
      drift,
      otherResources,
      checks,
      compared,
      picture,
      alongside,
    } = this.review;
    const warnings = this.review.warnings.slice(0, this.detail.entries);
    const cut = this.detail !== DETAILS[0];
    const blocks = [
      `${marker(stack)}\n### Plan for ${code(stack)}`,
      dataLoss ? `> [!CAUTION]\n> ${inline(headline)}` : "",
      warnings.length > 0 ? `> [!WARNING]\n${warnings.map((one) => `> - ${inline(one)}`).join("\n")}` : "",
      `**${inline(summary)}**`,
      compared ? inline(compared) : "",
      this.list(
        "What people must do, and will see",
        // The warning says whether nobody can use it.
        people.filter(({ isOff }) => !isOff).map(({ text }) => inline(text)),
      ),
      this.list(
        "Not checked: a person who knows this must read it",
        unread.map(({ text, changes }) => `${inline(text)}${this.short(changes)}${this.shortDiffs(changes)}`),
      ),
      this.list(
        "Data",
        data.map((finding, index) => `${EFFECTS[stateOf(finding)]}: ${inline(dataSentence(finding, data[index - 1]))}`),
      ),
      this.list(
        "Services",
        services.map((one) => `${code(one.name)} ${origin(one)}${inline(actionPhrase(one))}${image(one)}`),
      ),
      this.list(
        "Jobs",
        jobs.map(({ name, text, ours }) => `${code(name)}${ours ? "" : " (not of `cdktf-mlflow`)"}: ${inline(text)}`),
      ),
      this.list("Users", [
        ...(downtime?.remarks ?? []).map(inline),
        ...(downtime?.unbounded ?? []).map((text) => `Has no upper limit: ${inline(text)}.`),
      ]),
      this.list(
        "Opens and closes",
        // Dangers stand in the warning.
        access.filter(({ danger }) => !danger).map(({ effect, text }) => `${EFFECTS[effect]}: ${inline(text)}`),
      ),
      picture && this.detail.settings ? `#### Networks, ports and egress\n\n${renderMermaid(picture)}` : "",
      this.list(
        "Weaker or slower",
        // The others stand in the warning.
        effects.filter(({ warning }) => !warning).map(({ text }) => inline(text)),
      ),
      this.list("Comes along, besides what the change says", alongside.map(inline)),
      this.list(
        "Changed by hand",
        drift.map(({ text, changes }) => `${inline(text)}${this.short(changes)}`),
      ),
      this.list("Checks", checks.map(inline)),
      ...services.map(({ name, changes }) => this.details(name, changes)),
      ...jobs.map(({ name, changes }) => this.details(name, changes)),
      this.folded("Order (independent steps run at the same time)", order.map(inline), true),
      this.folded(
        "Other resources",
        otherResources.map((one) => this.other(one)),
        false,
      ),
      this.list("Notes", [
        ...this.review.notes.map(inline),
        ...(cut ? ["The plan is too large for a comment: some details are left out here."] : []),
      ]),
    ];
    return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
  }

  private list(title: string, lines: string[]): string {
    return lines.length === 0 ? "" : `#### ${title}\n\n${this.items(lines, false)}`;
  }

  private folded(title: string, lines: string[], numbered: boolean): string {
    if (lines.length === 0) return "";
    return `<details><summary>${title}</summary>\n\n${this.items(lines, numbered)}\n\n</details>`;
  }

  private items(lines: string[], numbered: boolean): string {
    const shown = lines.slice(0, this.detail.entries);
    const more = lines.length - shown.length;
    const all = more > 0 ? [...shown, `and ${more.toLocaleString("en-US")} more`] : shown;
    return all.map((line, index) => `${numbered ? `${index + 1}.` : "-"} ${line}`).join("\n");
  }

  private details(name: string, changes: readonly Change[]): string {
    if (changes.length === 0 || !this.detail.settings) return "";
    const body = changes.map((change) => this.change(change, name)).join("\n");
    return `<details><summary>What changes in <code>${html(name)}</code></summary>\n\n${body}\n\n</details>`;
  }

  private change(change: Change, container: string): string {
    if (change.kind === "remark") return `- ${inline(change.text)}`;
    if (change.kind === "setting") return `- ${setting(change)}`;
    const head = `- ${code(change.name)} ${fileSummary(change)}`;
    if (change.diff === undefined) return head;
    const known = this.shown.get(keyOf(change));
    if (known !== undefined) return `${head}, see ${known}`;
    const block = this.block(change.diff);
    if (block === undefined) return `${head} (the diff is left out)`;
    this.shown.set(keyOf(change), `above in ${code(container)}`);
    return `${head}\n\n${block}\n`;
  }

  // What a person must read stands where that is said, if it is short.
  private shortDiffs(changes: readonly Change[]): string {
    const blocks = changes.flatMap((change) => {
      if (change.kind !== "file" || change.diff === undefined) return [];
      if (change.diff.split("\n").length > SHORT_DIFF || this.shown.has(keyOf(change))) return [];
      const block = this.block(change.diff);
      if (block === undefined) return [];
      this.shown.set(keyOf(change), "above");
      return [`\n\n${block}\n`];
    });
    return blocks.join("");
  }

  private block(unsafe: string): string | undefined {
    const diff = visible(unsafe, true);
    if (diff.length > this.left) return undefined;
    this.left -= diff.length;
    const fence = "`".repeat(Math.max(3, longestRun(diff) + 1));
    return `${fence}diff\n${diff}\n${fence}`;
  }

  private short(changes: readonly Change[]): string {
    if (changes.length === 0 || !this.detail.settings) return "";
    const parts = changes.map((change) => {
      if (change.kind === "remark") return inline(change.text);
      return change.kind === "setting" ? setting(change) : `${code(change.name)} ${fileSummary(change)}`;
    });
    return ` (${parts.join(", ")})`;
  }

  private other({ action, address, changes }: OtherResource): string {
    return `${code(address)}: ${action}${this.short(changes)}`;
  }
}

function keyOf({ name, diff }: FileChange): string {
  return JSON.stringify([name, diff]);
}

function origin({ ours }: ContainerChange): string {
  return ours ? "" : "(not of `cdktf-mlflow`) ";
}

function image({ image: change }: ContainerChange): string {
  return change ? `; image ${imageChange(change, value)}` : "";
}

function setting({ name, before, after }: Extract<Change, { kind: "setting" }>): string {
  return `${code(name)}: ${value(before)} → ${value(after)}`;
}

function value(text: string | undefined): string {
  if (text === undefined) return "not set";
  return text === "" ? "empty" : code(text);
}

function inline(text: Text): string {
  return text.map((part) => (typeof part === "string" ? part : code(part.quoted))).join("");
}

// GitHub reads no markup in a code span, and notifies no user who is named there.
function code(foreign: string): string {
  const text = visible(shorten(foreign, 200));
  if (text === "") return "(empty)";
  const fence = "`".repeat(longestRun(text) + 1);
  const pad = /^[` ]|[` ]$/.test(text) ? " " : "";
  return `${fence}${pad}${text}${pad}${fence}`;
}

function html(foreign: string): string {
  return visible(shorten(foreign, 200))
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("`", "&#96;");
}

function longestRun(text: string): number {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  return longest;
}
