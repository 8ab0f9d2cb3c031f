import type { Compiled } from "./compiled";
import { allHealthy, firstAnswer, removeAll } from "./bench-stack";
import type { StackJson } from "./compose";
import { CommandContestant, ComposeContestant, TerraformContestant } from "./contestants";
import type { Contestant } from "./contestants";
import { alternate, median, seconds } from "./measure";
import type { Row } from "./report";

/** Times of one deployment, in seconds. */
interface Figures {
  readonly answer: number;
  readonly healthy: number;
  readonly plan: number;
  readonly down: number;
}

/** Measures deployment and removal with Terraform, `mlflow-stack` and Docker Compose. */
export async function measureDeployment(
  compiled: Compiled,
  runs: number,
  progress: (line: string) => void,
): Promise<Row[]> {
  const command = new CommandContestant(compiled);
  const terraform = new TerraformContestant(compiled);

  progress("a first deployment, not counted");
  await begin(terraform);
  await terraform.start();
  // The Compose project is written from Terraform's state.
  const { stack, state } = terraform;
  const compose = await ComposeContestant.make(compiled, stack, state);
  await begin(compose);
  await compose.start();
  await allHealthy(servicesOf(stack));

  const figures = await alternate<Contestant, Figures>(
    [terraform, compose, command],
    runs,
    async (contestant, round) => {
      progress(`${contestant.name}, ${round + 1} of ${runs}`);
      await begin(contestant);
      return measureOne(contestant, servicesOf(stack));
    },
  );
  await removeAll();

  const figure = (contestant: Contestant, name: keyof Figures) =>
    median((figures.get(contestant) ?? []).map((measured) => measured[name]));
  const against = (what: string, ours: Contestant, name: keyof Figures, aim?: number): Row => ({
    what,
    ours: figure(ours, name),
    peer: { name: "Compose", figure: figure(compose, name) },
    unit: "s",
    aim,
    runs,
  });
  return [
    against("Nothing to first answer, `terraform init` and `apply`", terraform, "answer", 1),
    against("Nothing to first answer, `mlflow-stack up`", command, "answer"),
    against("Nothing to all healthy, `terraform init` and `apply`", terraform, "healthy"),
    against("Nothing to all healthy, `mlflow-stack up`", command, "healthy"),
    { what: "Second plan, which is empty", ours: figure(terraform, "plan"), unit: "s", runs },
    against("Down, `terraform destroy` of the services", terraform, "down"),
    against("Down, `mlflow-stack down`", command, "down"),
  ];
}

/** Names of the containers that run permanently: services, and no jobs. */
export function servicesOf({ resource }: StackJson): string[] {
  return Object.values(resource.docker_container ?? {})
    .filter((container) => container.must_run !== false)
    .map(({ name }) => name);
}

async function begin(contestant: Contestant): Promise<void> {
  await removeAll();
  await contestant.reset();
}

async function measureOne(contestant: Contestant, services: string[]): Promise<Figures> {
  const failure = new AbortController();
  const started = contestant.start().catch((error: unknown) => {
    failure.abort(error);
    throw error;
  });
  const [answer, healthy] = await Promise.all([
    seconds(() => firstAnswer(failure.signal)),
    seconds(async () => {
      await started;
      await allHealthy(services);
    }),
  ]);
  const plan = contestant instanceof TerraformContestant ? await seconds(() => contestant.plan()) : NaN;
  return { answer, healthy, plan, down: await seconds(() => contestant.stop()) };
}
