import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "cdktf";
import { reviewPlan } from "../../../cli/review/findings/review-plan";
import { render } from "../../../cli/review/render/render";
import { parsePlan } from "../../../cli/terraform/json/parse-plan";
import { MlflowStack, StackEnvironment } from "../../../lib";
import { basicAuth, send } from "../clients/http-request";
import { BASE_URL } from "../plans/measured-changes";
import type { MeasuredChange } from "../plans/measured-changes";
import { eventually, run, runOk } from "../run";
import { offlineSettings, removeLeftovers } from "./deployment";
import type { Variables } from "./deployment";
import { containersOf } from "./engine-containers";
import type { Running } from "./engine-containers";
import type { Synthesized } from "./synth";

const TERRAFORM = process.env.TERRAFORM_BINARY_NAME ?? "terraform";
const BASE: MeasuredChange = { plan: "nothing" };
const CONTENT = "measured";
const STEP = 250;
// What asks the store with MLflow's own key for something that only a far stronger key may do.
const MAKE_BUCKET = `
import boto3, os, sys
from botocore.exceptions import ClientError
store = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
try:
    store.create_bucket(Bucket="measured")
    store.delete_bucket(Bucket="measured")
    print("yes")
except ClientError:
    print("no")
`;

/** What a review as JSON tells, as far as it is measured. */
export interface Told {
  readonly dangerousAccess: boolean;
  readonly people: string[];
  readonly services: { readonly name: string; readonly verdict: string }[];
  readonly openings: { readonly effect: string; readonly text: string }[];
  readonly waiting?: { readonly usualSeconds?: number; readonly secondsAtMost: number; readonly staysDown: boolean };
}

/** The engine and what users get, at one time. */
export interface Facts {
  readonly containers: ReadonlyMap<string, Running>;
  readonly record: boolean;
  readonly file: boolean;

  /** Whether the login of before is taken, and who has one. */
  readonly oldLogin: boolean;
  readonly logins: readonly string[];

  /** Addresses that more than the host reaches, and that answer without TLS. */
  readonly plain: readonly string[];

  /** Whether MLflow's key may make buckets, and whether the database makes sure that data is on the disk. */
  readonly makesBuckets: boolean;
  readonly isDurable: boolean;
}

/** One change: what the review told, what was before and after, and the longest time without a good answer. */
export interface Measurement {
  readonly told: Told;
  readonly before: Facts;
  readonly after: Facts;
  readonly secondsAway: number;
}

/** A stack that goes from its base to a change and back, with a run and a file of before in it. */
export class MeasuredStack {
  private readonly folder = mkdtempSync(join(tmpdir(), "mlflow-e2e-truth-"));
  private settings: Variables = {};
  private password = "";
  private isRefused = false;
  private record = "";
  private file = "";

  constructor(private readonly id: string) {}

  /** Deploys the base, and puts a run with a file into it. */
  public async deploy(): Promise<void> {
    this.settings = { ...(await offlineSettings()), TF_IN_AUTOMATION: "1", CHECKPOINT_DISABLE: "1" };
    await removeLeftovers(this.id);
    this.synthesize(BASE);
    await this.terraform(BASE, "init", "-input=false");
    await this.terraform(BASE, "apply", "-input=false", "-auto-approve");
    this.password = await this.passwordOf("admin");
    const post = async (path: string, body: object) => {
      const answer = await this.ask(
        BASE,
        "admin",
        this.password,
        `/api/2.0/mlflow/${path}`,
        "POST",
        JSON.stringify(body),
      );
      return JSON.parse(answer.body.toString()) as { experiment_id: string; run: { info: { run_id: string } } };
    };
    const { experiment_id: experiment } = await post("experiments/create", { name: "measured" });
    const { info } = (await post("runs/create", { experiment_id: experiment, start_time: 1 })).run;
    this.record = `/api/2.0/mlflow/runs/get?run_id=${info.run_id}`;
    this.file = `/api/2.0/mlflow-artifacts/artifacts/${experiment}/${info.run_id}/artifacts/file.txt`;
    await this.ask(BASE, "admin", this.password, this.file, "PUT", CONTENT);
  }

  /** Applies a change, measures, and goes back to the base. */
  public async measure(change: MeasuredChange): Promise<Measurement> {
    this.isRefused = false;
    const before = await this.facts(BASE);
    const told = await this.plan(change);
    const isEnd = change.args?.(this.synthesized()).includes("-destroy") ?? false;
    try {
      const secondsAway = await this.apply(change, isEnd ? "gone" : told.waiting?.staysDown ? "down" : "up");
      return { told, before, after: await this.facts(change), secondsAway };
    } finally {
      if (!isEnd) await this.goBack();
    }
  }

  /** Removes everything. */
  public async remove(): Promise<void> {
    await removeLeftovers(this.id);
    rmSync(this.folder, { recursive: true, force: true });
  }

  // The longest time without a good answer.
  private async apply(change: MeasuredChange, then: "up" | "down" | "gone"): Promise<number> {
    const ended = new AbortController();
    const watched = this.watch(change, ended.signal);
    try {
      await this.terraform(change, "apply", "-input=false", "plan");
      // A server that refuses its stores stops within half a minute.
      if (then === "down") await eventually("MLflow stops", 90, async () => !(await this.isGood(change)));
      if (then === "up") await eventually("MLflow answers", 60, () => this.isGood(change));
    } finally {
      ended.abort();
    }
    return watched;
  }

  private async goBack(): Promise<void> {
    this.synthesize(BASE);
    await this.terraform(BASE, "apply", "-input=false", "-auto-approve");
    this.password = await this.passwordOf("admin");
    await eventually("the run is there again", 150, () => this.shows(BASE, this.password));
  }

  private async plan(change: MeasuredChange): Promise<Told> {
    this.synthesize(change);
    const more = change.args?.(this.synthesized()) ?? [];
    await this.terraform(change, "plan", "-input=false", "-out=plan", ...more);
    const plan = parsePlan(await this.terraform(change, "show", "-json", "plan"), change.plan);
    return JSON.parse(render(reviewPlan(plan, this.id), "json", [])) as Told;
  }

  private synthesize({ variables, props = (base) => base, edit }: MeasuredChange): void {
    const environment = { ...this.settings, MLFLOW_STACK: this.id, MLFLOW_URL: BASE_URL, ...variables };
    const app = new App({ outdir: join(this.folder, "cdktf.out"), stackTraces: false });
    new MlflowStack(app, this.id, props(new StackEnvironment(environment).props()));
    app.synth();
    if (!edit) return;
    const stack = this.synthesized();
    edit(stack);
    writeFileSync(this.stackFile, JSON.stringify(stack));
  }

  private synthesized(): Synthesized {
    return JSON.parse(readFileSync(this.stackFile, "utf8")) as Synthesized;
  }

  private get stackFile(): string {
    return join(this.folder, "cdktf.out", "stacks", this.id, "cdk.tf.json");
  }

  private terraform({ variables }: MeasuredChange, ...args: string[]): Promise<string> {
    const cwd = join(this.folder, "cdktf.out", "stacks", this.id);
    return runOk(TERRAFORM, args, { cwd, env: { ...this.settings, ...variables } });
  }

  private async passwordOf(user: string): Promise<string> {
    return (await this.passwords())[user] ?? "";
  }

  private async passwords(): Promise<{ [user: string]: string }> {
    const outputs = JSON.parse(await this.terraform(BASE, "output", "-json")) as {
      [name: string]: { value?: unknown };
    };
    return (outputs.passwords?.value ?? { admin: outputs.password?.value ?? "" }) as { [user: string]: string };
  }

  private ask(
    { origin = BASE_URL, host }: MeasuredChange,
    user: string,
    password: string,
    path: string,
    method = "GET",
    body?: string,
  ) {
    const headers = [
      basicAuth(user, password),
      ...(host === undefined ? [] : [["Host", host] as const, ["X-Forwarded-Proto", "https"] as const]),
      ...(body?.startsWith("{") ? [["Content-Type", "application/json"] as const] : []),
    ];
    return send(origin, { method, path, headers, body });
  }

  private async status(change: MeasuredChange, user: string, password: string, path: string): Promise<number> {
    return (await this.ask(change, user, password, path).catch(() => ({ status: 0 }))).status;
  }

  private async shows(change: MeasuredChange, password: string): Promise<boolean> {
    return (await this.status(change, "admin", password, this.record)) === 200;
  }

  // A login that is refused by then is no outage, and must not be tried again and again.
  private async isGood(change: MeasuredChange): Promise<boolean> {
    if (!this.isRefused) {
      const status = await this.status(change, "admin", this.password, this.record);
      if (status !== 401) return status === 200;
      this.isRefused = true;
    }
    return (await this.status(change, "", "", "/readyz")) === 200;
  }

  // Asked where users were before, and where they are afterwards.
  private async watch(change: MeasuredChange, signal: AbortSignal): Promise<number> {
    const ways = change.origin === undefined ? [BASE] : [BASE, change];
    let [last, longest] = [Date.now(), 0];
    while (!signal.aborted) {
      const asked = Date.now();
      const answers = await Promise.all(ways.map((way) => this.isGood(way)));
      if (answers.includes(true)) [longest, last] = [Math.max(longest, Date.now() - last), Date.now()];
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, STEP - (Date.now() - asked))));
    }
    return longest / 1000;
  }

  private async facts(change: MeasuredChange): Promise<Facts> {
    const containers = await containersOf(this.id);
    const passwords = await this.passwords();
    // One that the app gives is no output.
    const { admin = change.variables?.AUTH_PASSWORD ?? this.password } = passwords;
    const logins = await Promise.all(
      Object.entries({ ...passwords, admin }).map(async ([user, password]) =>
        (await this.status(change, user, password, "/version")) === 200 ? [user] : [],
      ),
    );
    const inside = async (name: string, ...command: string[]) =>
      containers.has(name) ? (await run("docker", ["exec", `${this.id}-${name}`, ...command])).stdout.trim() : "";
    const file = await this.ask(change, "admin", admin, this.file).catch(() => undefined);
    return {
      containers,
      record: await this.shows(change, admin),
      plain: (await Promise.all([...containers.values()].flatMap(({ ports }) => ports.map(plainly)))).flat(),
      file: file?.status === 200 && file.body.toString() === CONTENT,
      oldLogin: (await this.status(change, "admin", this.password, "/version")) === 200,
      logins: logins.flat().sort(),
      makesBuckets: (await inside("server", "python", "-c", MAKE_BUCKET)) === "yes",
      isDurable: (await inside("postgres", "psql", "-U", "mlflow", "-tAc", "show fsync")) !== "off",
    };
  }
}

// A gateway with a certificate answers 400 without TLS, or leads on to HTTPS.
async function plainly(port: string): Promise<string[]> {
  if (!port.startsWith("0.0.0.0:")) return [];
  const answer = await send(`http://127.0.0.1:${port.split(":")[1]}`, { path: "/" }).catch(() => undefined);
  return answer === undefined || [301, 302, 308, 400].includes(answer.status) ? [] : [port];
}
