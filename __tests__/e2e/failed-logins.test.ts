import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Duration } from "../../lib";
import type { AuthGatewayOptions } from "../../lib";
import { GatewayContainer } from "../support/servers/gateway-container";
import { gatewaySettings } from "../support/servers/gateway-settings";
import { NetworkClient } from "../support/clients/network-client";
import { RecordingUpstream } from "../support/servers/recording-upstream";
import { mishapsOf } from "../support/clients/service-watch";
import { eventually } from "../support/run";

jest.setTimeout(5 * 60_000);

const SUBNET = "10.231.54.0/24";
const address = (last: number) => `10.231.54.${last}`;
const PASSWORD = "a password of this test";
// the costs that generated and given passwords get.
const USERS = [
  { name: "ada", role: "admin", password: PASSWORD, cost: 12 },
  { name: "bob", role: "write", password: PASSWORD, cost: 12 },
  { name: "cleo", role: "read", password: PASSWORD, cost: 10 },
];
const PROGRAM = readFileSync(join(__dirname, "../support/clients/logins.py"), "utf8");

interface Flood {
  statuses: { [status: string]: number };
  seconds: number;
}
interface Use {
  times: number[];
  failures: (number | string)[];
}
interface Login {
  status: number;
  seconds: number;
  answer: string[];
}

const mlflow = RecordingUpstream.forTests();
const store = RecordingUpstream.forTests();
let gateway: GatewayContainer;

function withGateway(options: AuthGatewayOptions, ...flags: string[]): void {
  beforeAll(async () => {
    const { settings } = gatewaySettings(options, { mlflow, store, url: "http://localhost:8080" });
    gateway = await GatewayContainer.start({ settings, users: USERS, subnet: SUBNET, flags: ["--network-alias", "gateway", ...flags] }); // prettier-ignore
  });

  afterAll(() => gateway?.remove());
}

const machine = (last: number) => NetworkClient.start(gateway.network, address(last));
const call = <T>(client: NetworkClient, name: string, ...given: unknown[]) =>
  client.python<T>(`${PROGRAM}\n${name}(*json.loads(${JSON.stringify(JSON.stringify(given))}))\n`);
const tryEach = (client: NetworkClient, logins: [string | null, string][]) => call<Login[]>(client, "try_each", logins);
const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const right = (name: string): [string, string] => [name, PASSWORD];
const wrong = (name: string | null, count: number) =>
  Array.from({ length: count }, (_, i): [string | null, string] => [name, `wrong ${i} ${Math.random()}`]);

describe("200 failed logins a second from one address", () => {
  const SECONDS = 10;
  const RATE = 200;
  let before: Use[];
  let flooded: Flood;
  let used: Use[];
  let first: Login[];
  let cores: number;

  withGateway({});

  beforeAll(async () => {
    const [attacker, one, two, newcomer] = await Promise.all([66, 11, 12, 13].map(machine));
    if (!attacker || !one || !two || !newcomer) throw new Error("there are no machines");
    // one whole hash each, as at the beginning of a day.
    await Promise.all([tryEach(one, [right("ada")]), tryEach(two, [right("bob")])]);
    const work = (seconds: number) =>
      Promise.all([call<Use>(one, "use", seconds, "ada", PASSWORD), call<Use>(two, "use", seconds, "bob", PASSWORD)]);
    before = await work(4);

    const [spent, began] = [await gateway.cpuSeconds(), Date.now()];
    const attack = call<Flood>(attacker, "flood", SECONDS, RATE, ["ada", "cleo", "nobody", null, "root"]);
    [flooded, used, first] = await Promise.all([attack, work(SECONDS), tryEach(newcomer, [right("cleo")])]);
    cores = ((await gateway.cpuSeconds()) - spent) / ((Date.now() - began) / 1000);
  });

  test("is what the attacker managed, and got 401 and 429 for, the latter with Retry-After", () => {
    const { statuses, seconds } = flooded;
    expect(seconds).toBeLessThan(SECONDS * 1.5);
    expect(Object.keys(statuses).sort()).toEqual(["401", "429"]);
    // the limit of an address in a minute, and no more.
    expect(statuses["401"]).toBeLessThanOrEqual(30);
    expect(Object.values(statuses).reduce((sum, count) => sum + count)).toBe(SECONDS * RATE);
  });

  test("fails no call of others, nor makes it slow", () => {
    expect(used.flatMap(({ failures }) => failures)).toEqual([]);
    const [calm, attacked] = [before, used].map((uses) => median(uses.flatMap(({ times }) => times))) as [
      number,
      number,
    ];
    expect(used.map(({ times }) => times.length > 50)).toEqual([true, true]);
    expect(attacked).toBeLessThan(3 * calm + 20);
  });

  test("does not keep a user out who is attacked, and logs in from elsewhere for the first time", () => {
    expect(first.map(({ status }) => status)).toEqual([200]);
  });

  test("costs the gateway less than one core", () => {
    expect(cores).toBeLessThan(1);
  });

  test("reaches MLflow with not one request", () => {
    // each call of the others, and the three first ones.
    const calls = [...before, ...used].reduce((sum, { times }) => sum + times.length, 0);
    expect(calls).toBeGreaterThan(0);
    expect(mlflow.requests.length).toBeLessThanOrEqual(calls + 3);
  });
});

describe("from several addresses at the same time", () => {
  withGateway({});

  test("failed logins cost less than one core, and new users still get in", async () => {
    // enough to fill every place in the queue of hashes.
    const attackers = await Promise.all(Array.from({ length: 10 }, (_, i) => machine(71 + i)));
    const client = await machine(14);
    const [spent, began] = [await gateway.cpuSeconds(), Date.now()];
    const attacks = attackers.map((attacker) => call<Flood>(attacker, "flood", 8, 50, ["ada", "nobody", null]));
    const logins = await tryEach(client, [right("ada"), right("bob"), right("cleo")]);
    await Promise.all(attacks);

    expect(((await gateway.cpuSeconds()) - spent) / ((Date.now() - began) / 1000)).toBeLessThan(1);
    expect(logins.map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe("right after a start", () => {
  const crowd = Array.from({ length: 60 }, (_, i) => ({ name: `user-${i}`, role: "read", password: `${PASSWORD} ${i}`, cost: 10 })); // prettier-ignore

  test("60 users of one address log in at once, and none is refused", async () => {
    const { settings } = gatewaySettings({}, { mlflow, store, url: "http://localhost:8080" });
    gateway = await GatewayContainer.start({ settings, users: crowd, subnet: SUBNET, flags: ["--network-alias", "gateway"] }); // prettier-ignore
    try {
      const logins = crowd.map(({ name, password }) => [name, password]);
      expect(await call<{ [status: string]: number }>(await machine(25), "crowd", logins)).toEqual({ 200: 60 });
    } finally {
      await gateway.remove();
    }
  });
});

describe("failed logins over a limit", () => {
  withGateway({ failedLogins: { perAddress: 6, perUser: 3, window: Duration.minutes(30) } });

  test("are counted as the props say, for an address and for an address with a user name", async () => {
    const statuses = (logins: Login[]) => logins.map(({ status }) => status);
    const client = await machine(21);
    expect(statuses(await tryEach(client, wrong("ada", 4)))).toEqual([401, 401, 401, 429]);
    expect(statuses(await tryEach(client, [...wrong("bob", 2), ...wrong(null, 1), ...wrong(null, 1)]))).toEqual([401, 401, 401, 429]); // prettier-ignore
    // a name without failures has one attempt even then.
    expect(statuses(await tryEach(client, wrong("cleo", 2)))).toEqual([401, 429]);

    const other = await machine(22);
    expect(statuses(await tryEach(other, [...wrong("ada", 1), right("ada")]))).toEqual([401, 200]);
    // whose password was right before is let in where others are not.
    expect(statuses(await tryEach(client, [right("ada"), right("bob")]))).toEqual([200, 429]);
  });

  test("cost no work with invented names, which keep no user of their address out", async () => {
    const client = await machine(24);
    await tryEach(client, wrong(null, 6));
    const invented = Array.from({ length: 300 }, (_, i) => `invented-${i}`);
    const [spent, began] = [await gateway.cpuSeconds(), Date.now()];
    const [{ statuses }, logins] = await Promise.all([
      call<Flood>(client, "flood", 6, 50, invented),
      tryEach(client, [right("cleo")]),
    ]);

    expect(statuses).toEqual({ 401: 300 });
    expect(logins.map(({ status }) => status)).toEqual([200]);
    expect(((await gateway.cpuSeconds()) - spent) / ((Date.now() - began) / 1000)).toBeLessThan(0.3);
  });

  test("do not count what was right", async () => {
    const client = await machine(23);
    const logins = await tryEach(client, [...Array.from({ length: 20 }, () => right("bob")), ...wrong("bob", 3)]);
    expect(logins.map(({ status }) => status)).toEqual([...Array(20).fill(200), 401, 401, 401]);
  });
});

// cheaper hashes, so that more samples take less time.
const CHEAPER = USERS.map((user) => ({ ...user, cost: user.cost - 3 }));

test("whether a user exists cannot be told by answer or time", async () => {
  const { settings } = gatewaySettings(
    { failedLogins: { perAddress: 10_000, perUser: 10_000 } },
    { mlflow, store, url: "http://localhost:8080" },
  );
  gateway = await GatewayContainer.start({
    ...{ settings, users: CHEAPER, subnet: SUBNET },
    flags: ["--network-alias", "gateway"],
  });
  try {
    const client = await machine(31);
    // the costs of known users differ; each kind comes right after each other one.
    const kinds = ["ada", "nobody", null, "cleo", "", "a name that is long ".repeat(20)];
    const rounds = Array.from({ length: 21 }, (_, i) => kinds.map((_, j) => kinds[(i + j) % kinds.length] ?? null));
    const order = rounds.flat();
    const logins = await tryEach(
      client,
      order.flatMap((kind) => wrong(kind, 1)),
    );

    expect(new Set(logins.map(({ status, answer }) => JSON.stringify([status, answer]))).size).toBe(1);
    const times = (kind: string | null) => logins.filter((_, i) => order[i] === kind).map(({ seconds }) => seconds);
    const all = median(logins.map(({ seconds }) => seconds));
    const ratios = kinds.map((kind) => [kind, median(times(kind)) / all] as const);
    expect(ratios.filter(([, ratio]) => ratio < 0.7 || ratio > 1.4)).toEqual([]);
  } finally {
    await gateway.remove();
  }
});

describe("the general limit", () => {
  withGateway({ rateLimit: { events: 10, window: Duration.seconds(3) } });

  test("slows the MLflow client down, which recovers by itself", async () => {
    mlflow.answer = (_request, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end('{"experiments": []}');
    const client = await machine(41);
    const script = `
import json, os
os.environ.update(MLFLOW_TRACKING_URI="http://gateway:8080", MLFLOW_TRACKING_USERNAME="ada", MLFLOW_TRACKING_PASSWORD="${PASSWORD}")
import mlflow
print(json.dumps([len(mlflow.MlflowClient().search_experiments()) for _ in range(25)]))`;

    expect(await client.python<number[]>(script)).toEqual(Array(25).fill(0));
    await eventually("a 429 is in the log", 10, async () =>
      (await gateway.logLines()).some((line) => JSON.parse(line).status === 429),
    );
  });
});

describe("clients that keep the gateway waiting", () => {
  withGateway({});

  test("starve nobody, and those without a whole request are cut off", async () => {
    const [slow, client] = await Promise.all([51, 52].map(machine));
    if (!slow || !client) throw new Error("there are no machines");
    await tryEach(client, [right("ada")]);
    const before = await call<Use>(client, "use", 3, "ada", PASSWORD);
    mlflow.forget();
    const [cut, used] = await Promise.all([
      call<{ [kind: string]: number }>(slow, "keep_waiting", 16, "bob", PASSWORD),
      call<Use>(client, "use", 12, "ada", PASSWORD),
    ]);

    expect(used.failures).toEqual([]);
    expect(median(used.times)).toBeLessThan(3 * median(before.times) + 20);
    expect(cut).toMatchObject({ idle: 300, "slow headers": 200 });
    // none of the bodies that are still under way holds a worker.
    expect(mlflow.requests.filter(({ method }) => method === "POST")).toEqual([]);
  });
});

describe("the memory of the gateway", () => {
  withGateway({}, "--memory", "256m", "--memory-swap", "256m");

  // a user each, because one user's bodies have a quarter of the room.
  test.each<[string, number, string, string, string[]]>([
    ["headers without an end", 700, "nobody", "none", ["closed", "open"]],
    ["headers of many lines", 400, "cleo", PASSWORD, ["431", "closed"]],
    ["bodies without an end", 240, "cleo", PASSWORD, ["429", "closed", "open"]],
    ["bodies of many keys", 60, "bob", PASSWORD, ["400", "429"]],
  ])("has room for %s, %i at once, and for others beside", async (kind, count, name, password, endings) => {
    const [greedy, client] = await Promise.all([61, 62].map(machine));
    if (!greedy || !client) throw new Error("there are no machines");
    await tryEach(client, [right("ada"), right("cleo"), right("bob")]);
    const [ended, used] = await Promise.all([
      call<{ [ending: string]: number }>(greedy, "fill_memory", kind, count, name, password),
      call<Use>(client, "use", 12, "ada", PASSWORD),
    ]);
    await Promise.all([greedy.remove(), client.remove()]);

    expect(await mishapsOf(gateway.name)).toEqual({ kills: 0, restarts: 0 });
    expect(used.failures).toEqual([]);
    expect(Object.keys(ended).filter((ending) => !endings.includes(ending))).toEqual([]);
  });
});
