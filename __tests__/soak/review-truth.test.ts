import { MEASURED_CHANGES } from "../support/plans/measured-changes";
import { PASSWORD, TRUTHS } from "../support/plans/truth";
import { MeasuredStack } from "../support/stacks/measured-stack";
import type { Facts, Measurement } from "../support/stacks/measured-stack";

jest.setTimeout(10 * 60_000);

const ID = "e2e-truth";
// What asking takes, beside a time that a plan does not have.
const TOLERANCE = 2;
// No host with a private address is there to be reached.
const NOT_MEASURED = "webhooks-private";

describe("The truth of a plan of the corpus is what its change does to a stack", () => {
  const stack = new MeasuredStack(ID);

  beforeAll(() => stack.deploy());
  afterAll(() => stack.remove());

  test.each(MEASURED_CHANGES.map((change) => [change.plan, change] as const))("%s", async (plan, change) => {
    const truth = TRUTHS[plan] ?? {};
    const measurement = await stack.measure(change);
    const { told, before, after, secondsAway } = measurement;
    const words = (list = "") => list.split(" ").filter(Boolean).sort();
    const staysDown = told.waiting?.staysDown ?? false;
    const isGone = !after.containers.has("gateway");

    // Services, data, who can log in and with which power: as the truth has it.
    expect(happened(before, after, staysDown)).toEqual({
      down: words(truth.down),
      made: words(truth.made),
      gone: words(truth.gone),
      isDangerous: (truth.danger ?? false) && plan !== NOT_MEASURED,
      isDurable: !truth.risk?.includes("records") || truth.danger === true,
    });
    expect(after.record).toBe(truth.records !== "unreachable");
    // Without MLflow no file opens, wherever it is.
    if (!staysDown) expect(after.file).toBe(truth.files !== "unreachable");
    if (!staysDown && !isGone) expect(after.oldLogin).toBe(!truth.people?.includes(PASSWORD));
    expect(truth.opens?.some((term) => term.startsWith("port ")) ?? false).toBe(opened(before, after).length > 0);

    // And as the review of this very plan tells it.
    expect(told.services.filter(({ verdict }) => /replaced|started/.test(verdict)).map(({ name }) => name)).toEqual(
      words(truth.down).map((name) => `${ID}-${name}`),
    );
    expect(told.dangerousAccess).toBe(truth.danger ?? false);
    expect(portsTold(measurement)).toEqual([
      ...opened(before, after).map((port) => `opens ${port}`),
      ...closed(before, after).map((port) => `closes ${port}`),
    ]);
    expect(loginsTold(measurement)).toEqual(after.logins.filter((user) => !before.logins.includes(user)));

    // Seconds away.
    if (!staysDown && !isGone) expect(secondsAway).toBeLessThanOrEqual((told.waiting?.secondsAtMost ?? 0) + TOLERANCE);
  });
});

function happened(before: Facts, after: Facts, staysDown: boolean) {
  const services = ({ containers }: Facts) => [...containers].filter(([, { isJob }]) => !isJob);
  const isNew = (value: string, of: (facts: Facts) => readonly string[]) => !of(before).includes(value);
  const powersOf = ({ containers }: Facts) => [...containers.values()].flatMap(({ powers }) => powers);
  // The library's own services join the network with the stack; its jobs do, too.
  const insideOf = ({ containers }: Facts) =>
    [...containers].flatMap(([name, { isInside }]) => (isInside ? [name] : []));
  return {
    down: services(before)
      .filter(([name, { id, started }]) => {
        const now = after.containers.get(name);
        // A server that stays down starts again and again.
        const isSame = now?.id === id && (now.started === started || (staysDown && name === "server"));
        return now && !isSame;
      })
      .map(([name]) => name)
      .sort(),
    made: namesOf(services(after).filter(([name]) => !before.containers.has(name))),
    gone: namesOf(services(before).filter(([name]) => !after.containers.has(name))),
    isDangerous:
      powersOf(after).some((power) => isNew(power, powersOf)) ||
      insideOf(after).some((name) => isNew(name, insideOf) && /^(agent|job)$/.test(name)) ||
      after.plain.some((port) => !before.plain.includes(port)) ||
      (after.makesBuckets && !before.makesBuckets),
    isDurable: after.isDurable,
  };
}

function namesOf(containers: readonly (readonly [string, unknown])[]): string[] {
  return containers.map(([name]) => name).sort();
}

function portsOf({ containers }: Facts): string[] {
  return [...containers.values()].flatMap(({ ports }) => ports).sort();
}

function opened(before: Facts, after: Facts): string[] {
  return portsOf(after).filter((port) => !portsOf(before).includes(port));
}

// Who reached a port from the host itself reaches it from everywhere, too.
function closed(before: Facts, after: Facts): string[] {
  const wider = (port: string) => [port, port.replace("127.0.0.1", "0.0.0.0")];
  return portsOf(before).filter((port) => !wider(port).some((one) => portsOf(after).includes(one)));
}

function portsTold({ told }: Measurement): string[] {
  const found = told.openings.flatMap(({ effect, text }) => {
    const port = /^port (\S+?),? (?:leads|which)/.exec(text)?.[1];
    return port === undefined ? [] : [`${effect} ${port}`];
  });
  return found.sort((a, b) => Number(a.startsWith("closes")) - Number(b.startsWith("closes")) || (a < b ? -1 : 1));
}

function loginsTold({ told }: Measurement): string[] {
  return told.openings.flatMap(({ effect, text }) => {
    const user = /^a login for (\S+)/.exec(text)?.[1];
    return effect === "opens" && user !== undefined ? [user] : [];
  });
}
