import { render } from "../../../cli/review/render/render";
import { reviewPlan } from "../../../cli/review/findings/review-plan";
import { secretsOf } from "../../../cli/review/secrets/secrets";
import { parsePlan } from "../../../cli/terraform/json/parse-plan";
import type { Plan } from "../../../cli/terraform/json/plan-json";
import { corpus } from "../../support/plans/corpus";
import { spellings } from "../../support/plans/spellings";
import { TRUTHS } from "../../support/plans/truth";
import type { Truth } from "../../support/plans/truth";

const PLANS = corpus();

// The library's own files are those of the release with which the plans were made.
const RELEASED = [...PLANS.keys()].filter((name) => !/^(hostile-|caddyfile-line)/.test(name));
let mockTexts: ReadonlySet<unknown> | undefined;

jest.mock("../../../cli/review/plan/library-files", () => ({
  isOwnText: (text: string) => (mockTexts ??= textsOf(RELEASED)).has(text),
}));

function textsOf(names: readonly string[]): Set<unknown> {
  const changes = names.flatMap((name) => PLANS.get(name)?.resource_changes ?? []);
  const files = changes.flatMap(({ change: { after } }) => (Array.isArray(after?.upload) ? after.upload : []));
  return new Set(files.map((file) => (file as { content?: unknown }).content));
}
const STACK = "e2e-rev";

/** The fields of a review on which programs rely. */
interface Document {
  readonly dataLoss: boolean;
  readonly dangerousAccess: boolean;
  readonly people: string[];
  readonly data: {
    readonly effect: string;
    readonly content?: string;
    readonly risks?: string[];
    readonly wayBack?: string;
  }[];
  readonly services: { readonly name: string; readonly verdict: string }[];
  readonly openings: { readonly effect: string; readonly text: string }[];
  readonly unread: unknown[];
  readonly waiting?: {
    readonly secondsAtMost: number;
    readonly usualSeconds?: number;
    readonly unbounded: string[];
    readonly staysDown: boolean;
    readonly remarks: string[];
  };
  readonly order: string[];
  readonly headline: string;
  readonly summary: string;
}

// Each plan is reviewed once for all tests.
const reviewOf = remembered((plan) => reviewPlan(plan, STACK));
const document = remembered((plan) => JSON.parse(render(reviewOf(plan), "json", secretsOf(plan))) as Document);
const commentOf = remembered((plan) => render(reviewOf(plan), "markdown", secretsOf(plan)));

function remembered<T>(make: (plan: Plan) => T): (plan: Plan) => T {
  const known = new WeakMap<Plan, { readonly value: T }>();
  return (plan) => {
    const found = known.get(plan) ?? { value: make(plan) };
    known.set(plan, found);
    return found.value;
  };
}

/** What a review says, in the words of the truth. */
function told(
  { dataLoss, dangerousAccess, people, data, services, openings, unread, waiting }: Document,
  truth: Truth,
) {
  const named = (...verdicts: string[]) =>
    services
      .filter(({ verdict }) => verdicts.includes(verdict))
      .map(({ name }) => name.replace(`${STACK}-`, ""))
      .sort();
  const stateOf = (content: string) => data.filter((one) => one.content === content).map(({ effect }) => effect);
  return {
    down: named("replaced", "started"),
    made: named("new"),
    gone: named("removed"),
    left: named("left"),
    records: stateOf("records"),
    files: stateOf("files"),
    lost: dataLoss,
    danger: dangerousAccess,
    opens: untold(openings, "opens", truth.opens),
    closes: untold(openings, "closes", truth.closes),
    unread: unread.length > 0,
    risk: data.flatMap(({ content, risks }) => (risks === undefined ? [] : [content])).sort(),
    people: (truth.people ?? []).map((pattern) => people.some((sentence) => pattern.test(sentence))),
    otherPeople: people.filter((sentence) => !truth.people?.some((pattern) => pattern.test(sentence))),
    time:
      waiting === undefined
        ? undefined
        : waiting.staysDown
          ? "down"
          : waiting.unbounded.length > 0
            ? "no limit"
            : "seconds",
  };
}

/** What the truth has and the review does not tell, and the reverse. */
function untold(openings: Document["openings"], wanted: string, truth: readonly string[] = []) {
  const told = openings.filter(({ effect }) => effect === wanted).map(({ text }) => text);
  return {
    missing: truth.filter((part) => !told.some((text) => text.includes(part))),
    besides: told.filter((text) => !truth.some((part) => text.includes(part))),
  };
}

function expected({ down = "", made = "", gone = "", left = "", people = [], ...truth }: Truth) {
  const words = (list: string) => list.split(" ").filter(Boolean).sort();
  return {
    down: words(down),
    made: words(made),
    gone: words(gone),
    left: words(left),
    records: truth.records ? [truth.records] : [],
    files: truth.files ? [truth.files] : [],
    lost: truth.lost ?? false,
    danger: truth.danger ?? false,
    opens: { missing: [], besides: [] },
    closes: { missing: [], besides: [] },
    unread: truth.unread ?? false,
    risk: [...(truth.risk ?? [])].sort(),
    people: people.map(() => true),
    otherPeople: [],
    time: typeof truth.time === "string" ? truth.time : truth.meets ? "seconds" : undefined,
  };
}

/** The same plan in the form of other programs and releases, which leave out or add fields. */
const FORMS: { readonly [program: string]: (plan: Plan) => object } = {
  "Terraform 1.5": ({ applyable: _applyable, complete: _complete, errored: _errored, ...plan }) => plan,
  "Terraform 1.8": ({ complete: _complete, ...plan }) => plan,
  "Terraform 1.14": (plan) => ({ deferred_changes: [], action_invocations: [], ...plan }),
  OpenTofu: ({ applyable: _applyable, complete: _complete, ...plan }) => ({ ...plan, terraform_version: "1.10.6" }),
};

describe("The corpus", () => {
  test("has 40 plans or more, and a truth for each", () => {
    expect([...PLANS.keys()].sort()).toEqual(Object.keys(TRUTHS).sort());
    expect(PLANS.size).toBeGreaterThanOrEqual(40);
  });

  test.each(Object.entries(TRUTHS))("%s is told as it is", (name, truth) => {
    const plan = PLANS.get(name) as Plan;

    expect(told(document(plan), truth)).toEqual(expected(truth));
  });

  test("says what users meet meanwhile, and for about how long it was measured", () => {
    for (const [name, { meets, time }] of Object.entries(TRUTHS)) {
      const { summary, waiting } = document(PLANS.get(name) as Plan);
      const sentences = summary.split(". ");

      if (meets)
        expect({ name, sentences }).toEqual({
          name,
          sentences: expect.arrayContaining([expect.stringMatching(meets)]),
        });
      else expect({ name, summary }).toEqual({ name, summary: expect.not.stringMatching(/at most|upper limit/) });
      if (typeof time !== "number") continue;
      const { usualSeconds, secondsAtMost = 0 } = waiting ?? {};
      expect({ name, secondsAtMost }).toEqual({ name, secondsAtMost: Math.max(secondsAtMost, time) });
      if (usualSeconds !== undefined)
        expect({ name, usualSeconds, isNear: usualSeconds < 3 * time + 3 && time < 3 * usualSeconds + 3 }).toEqual({
          name,
          usualSeconds,
          isNear: true,
        });
    }
  });

  test("is never called harmless where something is dangerous, or nobody has judged it", () => {
    for (const [name, { danger, unread }] of Object.entries(TRUTHS)) {
      const { summary } = document(PLANS.get(name) as Plan);
      if (danger ?? unread)
        expect([name, summary]).not.toEqual([name, expect.stringMatching(/Nothing (changes|opens)/)]);
      if (danger ?? unread)
        expect([name, summary]).not.toEqual([name, expect.stringContaining("This apply deletes no data")]);
    }
  });

  test("is told without what two readers took for contradictions", () => {
    for (const [name, plan] of PLANS) {
      const { summary, people, data, waiting } = document(plan);
      const users = (waiting?.remarks ?? []).join(" ");
      const breaks = {
        run: data.some(({ content, effect }) => content === "records" && /unreachable|lost/.test(effect)),
        login: people.some((sentence) => /new address|another way|must use a new password/.test(sentence)),
        limit: (waiting?.unbounded.length ?? 0) > 0,
      };

      if (Object.values(breaks).includes(true))
        expect({ name, users }).toEqual({
          name,
          users: expect.not.stringContaining("A training job that logs meanwhile goes on"),
        });
      if (breaks.limit) expect({ name, summary }).toEqual({ name, summary: expect.not.stringContaining("at most") });
      if (waiting?.staysDown === true)
        expect({ name, summary }).toEqual({
          name,
          summary: expect.stringMatching(
            /^(?!.*(requests wait|are refused|answers with errors)).*MLflow stays down(, unless| until this change is taken back)/,
          ),
        });
    }
    expect([...PLANS].filter(([, plan]) => document(plan).waiting?.staysDown).map(([name]) => name)).toEqual(
      expect.arrayContaining(["postgres-older", "mlflow-older"]),
    );
  });

  test("has what a person in a hurry must not miss in its first line, in that order", () => {
    for (const [name, { first = [] }] of Object.entries(TRUTHS)) {
      const { summary } = document(PLANS.get(name) as Plan);
      const places = first.map((pattern) => summary.search(pattern));

      expect({ name, summary, places }).toEqual({ name, summary, places: [...places].sort((a, b) => a - b) });
      expect({ name, summary, places }).not.toEqual({ name, summary, places: expect.arrayContaining([-1]) });
    }
  });

  test("is told without what two further readers took for contradictions, or did not understand", () => {
    const stranger =
      /up, apply and a merge|[Tt]his library|generation 0|ask for that with -replace|of `host`|place of the one generated|would be lost|MLflow's key: /;
    for (const [name, plan] of PLANS) {
      const { summary, order, waiting, openings, unread } = document(plan);
      const comment = commentOf(plan);
      const users = (waiting?.remarks ?? []).join(" ");
      const diffs = [...comment.matchAll(/^```diff\n([\s\S]*?)\n```$/gm)].map(([, diff]) => diff);

      expect({ name, strange: stranger.exec(comment)?.[0] }).toEqual({ name, strange: undefined });
      expect({ name, diffs: new Set(diffs).size }).toEqual({ name, diffs: diffs.length });
      // A service that goes on is changed by no step.
      if (summary.includes("No service changes"))
        expect({ name, order }).toEqual({
          name,
          order: expect.not.arrayContaining([expect.stringMatching(/while it runs/)]),
        });
      // A gateway that is stopped lets nobody wait.
      if (users.includes("connections are refused"))
        expect({ name, users }).toEqual({ name, users: expect.not.stringContaining(": requests wait at the gateway") });
      // Every service of the library has a password or a key of its own. Of MLflow only the metrics are open.
      const reached = openings.filter(({ text }) => !text.startsWith("the feature metrics:"));
      expect({ name, said: JSON.stringify(reached) }).toEqual({
        name,
        said: expect.not.stringContaining("without a login"),
      });
      // What is judged is not handed to a person as well.
      expect({ name, unread: JSON.stringify(unread) }).toEqual({
        name,
        unread: expect.not.stringContaining("fsync"),
      });
    }
  });

  test("is told without what a reader of the first lines did not believe", () => {
    for (const [name, plan] of PLANS) {
      const { summary, waiting, data, openings } = document(plan);
      const comment = commentOf(plan);
      const steps = data.filter(({ wayBack }) => wayBack?.includes("take the volume over"));

      // What users meet, not that they wait.
      expect({ name, comment }).toEqual({ name, comment: expect.not.stringMatching(/Users wait/) });
      if (/connections are refused/.test(summary)) expect(waiting?.remarks.join()).toContain("connections are refused");
      // How long the client repeats a call, against how long it may take.
      const isLonger = comment.includes("longer than the maximum of this wait");
      if (isLonger)
        expect({ name, seconds: (waiting?.secondsAtMost ?? Infinity) < 240 }).toEqual({ name, seconds: true });
      expect({ name, comment }).toEqual({ name, comment: expect.not.stringContaining("some minutes") });
      for (const { wayBack } of steps) expect(wayBack).toMatch(/^\d steps, all of them needed: first .*; then /);
      expect({ name, comment }).toEqual({ name, comment: expect.not.stringMatching(/without a backup\*\*: secrets/i) });
      const admins = openings.filter(({ text }) => text.startsWith("the role admin for the group"));
      if (summary.includes("all as admins")) expect({ name, admins }).toEqual({ name, admins: [] });
      if (summary.includes("all as admins")) expect(comment).toMatch(/\[!WARNING\]\n> - .*every account.*is an admin/);
      const tls = openings.find(({ text }) => text.startsWith("plain HTTP: the gateway answers by TLS"));
      if (tls) expect(tls.text).toMatch(/for 365 days .* also once this change is taken back$/);
      if (summary.includes("nothing notices"))
        expect(summary).toMatch(/If it ends, the engine still starts it again\./);
    }
  });

  test.each(Object.entries(FORMS))("means the same in the form of %s", (_program, form) => {
    for (const [name, plan] of PLANS) {
      // Only newer releases say that a plan covers a part.
      if (plan.complete === false) continue;
      const { headline, ...rest } = document(parsePlan(JSON.stringify(form(plan)), name));

      expect({ name, headline, ...rest }).toEqual({ name, ...document(plan) });
    }
  });

  test("shows no secret in any format", () => {
    let hunted = 0;
    for (const [name, plan] of PLANS) {
      const text = JSON.stringify(plan);
      const secrets = generated(plan).filter((secret) => text.includes(secret));
      hunted += secrets.length;
      for (const format of ["text", "markdown", "json"] as const) {
        const output = render(reviewOf(plan), format, secretsOf(plan));
        const leaked = secrets.filter((secret) => spellings(secret).some(({ core }) => output.includes(core)));
        expect({ name, format, leaked: leaked.length }).toEqual({ name, format, leaked: 0 });
      }
    }
    expect(hunted).toBeGreaterThan(200);
  });
});

/** The passwords and keys that Terraform generated. */
function generated(plan: Plan): string[] {
  return (plan.resource_changes ?? [])
    .filter(({ type }) => /^random_(password|bytes)$/.test(type))
    .flatMap(({ change: { before } }) => [before?.result, before?.bcrypt_hash, before?.base64, before?.hex])
    .filter((value) => typeof value === "string");
}
