import { shorten, visible } from "../model/text";
import type { Text } from "../model/text";
import type { Change, ContainerChange, OtherResource, Review } from "../model/model";
import { fileSummary, imageChange, actionPhrase } from "./render-text";

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

const EFFECTS = {
  lost: "**Lost**",
  warning: "**Look**",
  new: "New",
  kept: "Kept",
  opens: "**Opens**",
  closes: "Closes",
  changes: "Changes",
  danger: "**Danger**",
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
    } = this.review;
    const dangers = access.filter(({ danger }) => danger).slice(0, this.detail.entries);
    const cut = this.detail !== DETAILS[0];
    const blocks = [
      `${marker(stack)}\n### Plan for ${code(stack)}`,
      dataLoss ? `> [!CAUTION]\n> ${inline(headline)}` : "",
      dangers.length > 0 ? `> [!WARNING]\n${dangers.map(({ text }) => `> - ${inline(text)}`).join("\n")}` : "",
      `**${inline(summary)}**`,
      this.list("What people must do, and will see", people.map(inline)),
      this.list(
        "Not checked: a person who knows this must read it",
        unread.map(({ text, changes }) => `${inline(text)}${this.short(changes)}`),
      ),
      this.list(
        "Data",
        data.map(({ effect, text }) => `${EFFECTS[effect]}: ${inline(text)}`),
      ),
      this.list(
        "Services",
        services.map((one) => `${code(one.name)} ${origin(one)}${inline(actionPhrase(one))}${image(one)}`),
      ),
      this.list(
        "Jobs",
        jobs.map(({ name, text }) => `${code(name)}: ${inline(text)}`),
      ),
      this.list("Users", [
        ...(downtime?.remarks ?? []).map(inline),
        ...(downtime?.unbounded ?? []).map((text) => `On top of it, without a limit: ${inline(text)}.`),
      ]),
      this.list(
        "Opens and closes",
        access.map(({ effect, danger, text }) => `${danger ? EFFECTS.danger : EFFECTS[effect]}: ${inline(text)}`),
      ),
      this.list("Weaker or slower", effects.map(inline)),
      this.list(
        "Changed by hand",
        drift.map(({ text, changes }) => `${inline(text)}${this.short(changes)}`),
      ),
      this.list("Checks", checks.map(inline)),
      ...services.map(({ name, changes }) => this.details(name, changes)),
      ...jobs.map(({ name, changes }) => this.details(name, changes)),
      this.folded("Order", order.map(inline), true),
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
    const body = changes.map((change) => this.change(change)).join("\n");
    return `<details><summary>What changes in <code>${html(name)}</code></summary>\n\n${body}\n\n</details>`;
  }

  private change(change: Change): string {
    if (change.kind === "remark") return `- ${inline(change.text)}`;
    if (change.kind === "setting") return `- ${setting(change)}`;
    const head = `- ${code(change.name)} ${fileSummary(change)}`;
    if (change.diff === undefined) return head;
    const diff = visible(change.diff, true);
    if (diff.length > this.left) return `${head} (the diff is left out)`;
    this.left -= diff.length;
    const fence = "`".repeat(Math.max(3, longestRun(diff) + 1));
    return `${head}\n\n${fence}diff\n${diff}\n${fence}\n`;
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

function origin({ ours }: ContainerChange): string {
  return ours ? "" : "(not of this library) ";
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
