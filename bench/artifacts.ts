import { TerraformContestant } from "./contestants";
import { TransferClient } from "./transfer-client";
import { AS_IT_IS, WAYS, type Way } from "./transfer-ways";
import { removeAll } from "./bench-stack";
import type { Compiled } from "./compiled";
import { servicesOf } from "./deployment";
import { alternate, median } from "./measure";
import { table } from "../docs/markdown";
import { ServiceUsage } from "./service-usage";

/** Files that several clients upload and download at the same time. */
export interface TransferCase {
  readonly clients: number;
  /** Files of each client. */
  readonly files: number;
  /** Size of a file, in MiB. */
  readonly size: number;
  readonly rounds: number;
}

/** What is measured, by the size of the files. */
export const TRANSFER_CASES: TransferCase[] = [
  { clients: 1, files: 1000, size: 1, rounds: 1 },
  { clients: 8, files: 125, size: 1, rounds: 1 },
  { clients: 1, files: 1, size: 300, rounds: 3 },
  { clients: 8, files: 1, size: 300, rounds: 1 },
  { clients: 1, files: 1, size: 2048, rounds: 3 },
];

const DIRECTIONS = ["up", "down"] as const;
type Direction = (typeof DIRECTIONS)[number];

/** Measurements of one direction. */
interface Figures {
  /** Rate of all clients together, in MiB/s. */
  readonly rate: number;
  /** Seconds of processor time for 1,024 MiB, by service. */
  readonly cpu: { readonly [service: string]: number };
}

type Measured = { readonly [direction in Direction]: Figures };

/** Measures the transfer of artifacts in each way. */
export async function measureArtifacts(
  compiled: Compiled,
  cases: TransferCase[],
  progress: (line: string) => void,
): Promise<string> {
  const terraform = new TerraformContestant(compiled);
  progress("deploying");
  await removeAll();
  await terraform.reset();
  await terraform.start();

  const usages = await Promise.all(servicesOf(terraform.stack).map((service) => ServiceUsage.of(service)));
  const end = new AbortController();
  const watching = usages.map((usage) => usage.watchMemory(end.signal));
  const figures = new Map<TransferCase, Map<Way, Measured[]>>();
  try {
    for (const transfers of cases) {
      const ways = WAYS.filter((way) => way.goes(transfers));
      const measured = await alternate(ways, transfers.rounds, (way, round) => {
        progress(`${describe(transfers)}, ${way.name}, ${round + 1} of ${transfers.rounds}`);
        return measureOne(new TransferClient(way.of(terraform.state)), transfers, usages);
      });
      figures.set(transfers, measured);
    }
  } finally {
    end.abort();
    await Promise.all(watching);
  }
  await removeAll();
  return [rates(figures), processors(figures), memory(usages)].join("\n\n");
}

async function measureOne(client: TransferClient, transfers: TransferCase, usages: ServiceUsage[]): Promise<Measured> {
  const mebibytes = transfers.clients * transfers.files * transfers.size;
  const measured: { [direction: string]: Figures } = {};
  let before: number[] = [];
  await client.run(transfers, {
    ready: () => (before = usages.map((usage) => usage.cpuSeconds())),
    done: (direction, seconds) => {
      const cpu = usages.map((usage, index) => [
        usage.service,
        ((usage.cpuSeconds() - (before[index] ?? NaN)) / mebibytes) * 1024,
      ]);
      measured[direction] = { rate: mebibytes / seconds, cpu: Object.fromEntries(cpu) as { [name: string]: number } };
    },
  });
  return measured as Measured;
}

function describe({ clients, files, size }: TransferCase): string {
  const what = files === 1 ? `${size} MiB` : `${files} × ${size} MiB`;
  return clients === 1 ? what : `${clients} clients, ${what} each`;
}

function rates(figures: Map<TransferCase, Map<Way, Measured[]>>): string {
  const lines = [...figures].flatMap(([transfers, byWay]) =>
    DIRECTIONS.map((direction) => {
      const rate = (way: Way) => median((byWay.get(way) ?? []).map((measured) => measured[direction].rate));
      const rateOf = (name: string) => WAYS.filter((way) => way.name === name).map(rate)[0] ?? NaN;
      const ratio = (peer: string) => (rateOf(AS_IT_IS) / rateOf(peer)).toFixed(2);
      const cells = WAYS.map((way) => (byWay.has(way) ? rate(way).toFixed(0) : ""));
      return [
        describe(transfers),
        direction,
        ...cells,
        ratio("store"),
        ratio("MLflow alone"),
        String(transfers.rounds),
      ];
    }),
  );
  const head = ["MiB/s", "", ...WAYS.map(({ name }) => name), "ours to store", "ours to MLflow alone", "runs"];
  return table(head, lines);
}

function processors(figures: Map<TransferCase, Map<Way, Measured[]>>): string {
  const [, byWay] = [...figures].at(-1) ?? [];
  const [first] = [...(byWay?.values() ?? [])];
  const services = Object.keys(first?.[0]?.up.cpu ?? {});
  const lines = [...(byWay ?? [])].flatMap(([way, measured]) =>
    DIRECTIONS.map((direction) => [
      way.name,
      direction,
      ...services.map((service) => median(measured.map((one) => one[direction].cpu[service] ?? NaN)).toFixed(2)),
    ]),
  );
  const [transfers] = [...figures.keys()].slice(-1);
  const what = transfers ? describe(transfers) : "";
  return table([`CPU seconds per GiB, ${what}`, "", ...services.map(short)], lines);
}

function memory(usages: ServiceUsage[]): string {
  return table(
    ["most memory of", "the processes' own"],
    usages.map(({ service, peakMemory }) => [short(service), `${peakMemory.toFixed(0)} MiB`]),
  );
}

function short(service: string): string {
  return service.replace(/^bench-mlflow-/, "");
}
