import type { Plan } from "../../../cli/terraform/json/plan-json";
import { render } from "../../../cli/review/render/render";
import { reviewPlan } from "../../../cli/review/findings/review-plan";
import type { Review } from "../../../cli/review/model/model";
import type { Text } from "../../../cli/review/model/text";
import { secretsOf } from "../../../cli/review/secrets/secrets";
import { REPLACING, generateChange, random, service } from "../../support/plans/generated-changes";
import type { GeneratedChange, GeneratedService, Kind } from "../../support/plans/generated-changes";
import { PlanBuilder, ourContainer, upload } from "../../support/plans/plan-builder";

const CHANGES = 500;

/** The plan that Terraform makes of a change, as far as a review reads it. */
function planOf({ before, after, kinds }: GeneratedChange): Plan {
  const builder = new PlanBuilder();
  for (const network of ["internal", "egress"]) {
    // As the library makes them: containers reach each other on the internal one only.
    const options = network === "internal" ? {} : { "com.docker.network.bridge.enable_icc": "false" };
    const values = { id: `id-${network}`, name: `t-${network}`, internal: network === "internal", options };
    builder.resource(`docker_network.${network}`, values, values);
  }
  for (const image of [1, 2]) {
    const values = { name: `app:${image}.0`, image_id: `sha256:${image}` };
    builder.resource(`docker_image.i${image}`, values, values);
  }
  const names = [...new Set([...before, ...after].map(({ name }) => name))];
  const volumes = (services: readonly GeneratedService[]) => services.flatMap(({ volume }) => volume ?? []);
  for (const volume of new Set([...volumes(before), ...volumes(after)])) {
    const values = { name: `t-${volume}` };
    builder.resource(
      `docker_volume.${volume}`,
      volumes(before).includes(volume) ? values : null,
      volumes(after).includes(volume) ? values : null,
    );
  }
  for (const name of names) {
    const old = before.find((one) => one.name === name);
    const now = after.find((one) => one.name === name);
    const done = kinds.get(name) ?? [];
    const isReplaced = done.some((kind) => REPLACING.includes(kind));
    builder.resource(`docker_container.${name}`, old ? valuesOf(old) : null, now ? valuesOf(now) : null, {
      actions: old && now && done.length > 0 && !isReplaced ? ["update"] : undefined,
      sensitive: ["upload"],
      references: { "/run/secrets/key": [`random_password.${name}.result`] },
    });
  }
  return builder.build();
}

function valuesOf(one: GeneratedService) {
  return ourContainer(`t-${one.name}`, {
    image: `sha256:${one.image}`,
    env: [`SETTING=${one.setting}`],
    memory: one.memory,
    memory_swap: one.memory,
    healthcheck: [{ test: ["CMD", "true"], retries: one.retries }],
    wait_timeout: one.retries * 2,
    upload: [upload("/etc/app.conf", `first\n${one.line}\nlast\n`), upload("/run/secrets/key", secretOf(one))],
    ports: one.port
      ? [{ external: one.port.number, internal: 80, ip: addressOf(one.port.isPublic), protocol: "tcp" }]
      : [],
    volumes: one.volume ? [{ container_path: "/data", volume_name: `t-${one.volume}` }] : [],
    networks_advanced: [{ name: "id-internal" }, ...(one.egress ? [{ name: "id-egress" }] : [])],
  });
}

function secretOf({ name, secretLength }: GeneratedService): string {
  return `secret-of-${name}-`.padEnd(secretLength, 'abc<&"+/');
}

function addressOf(isPublic: boolean): string {
  return isPublic ? "0.0.0.0" : "127.0.0.1";
}

function actionFor(kinds: readonly Kind[]): string {
  if (kinds.includes("remove")) return "removed";
  if (kinds.includes("add")) return "new";
  if (kinds.some((kind) => REPLACING.includes(kind))) return "replaced";
  return kinds.includes("memory") ? "updated" : "nothing";
}

function portsOf(services: readonly GeneratedService[]): string[] {
  return services.flatMap(({ port }) => (port ? [`${addressOf(port.isPublic)}:${port.number}`] : []));
}

function without<T>(all: readonly T[], others: readonly T[]): T[] {
  return all.filter((one) => !others.includes(one)).sort();
}

describe(`${CHANGES} generated changes`, () => {
  const changes = Array.from({ length: CHANGES }, (_, seed) => {
    const draw = random(seed);
    const services = Array.from({ length: 1 + Math.floor(draw() * 6) }, (_one, index) => ({
      ...service(index, 8000 + index),
      egress: index % 4 === 1,
    }));
    const change = generateChange(services, draw, 100, (name) => 9000 + Number(name.slice(1)));
    const plan = planOf(change);
    return { seed, change, plan, review: reviewPlan(plan, "t") };
  });

  test("tell for each container the action that its kind of change causes", () => {
    const wrong = changes.flatMap(({ seed, change, review: { services } }) => {
      const told = Object.fromEntries(services.map(({ name, action }) => [name.slice(2), action]).sort());
      const expected = Object.fromEntries([...change.kinds].map(([name, kinds]) => [name, actionFor(kinds)]).sort());
      return JSON.stringify(told) === JSON.stringify(expected) ? [] : [{ seed, told, expected }];
    });

    expect(wrong).toEqual([]);
  });

  test("lose the data of exactly those volumes that are no longer in the stack", () => {
    const wrong = changes.flatMap(({ seed, change: { before, after }, review }) => {
      const volumes = (services: readonly GeneratedService[]) => services.flatMap(({ volume }) => volume ?? []);
      const gone = without(volumes(before), volumes(after));
      const told = review.data.filter(({ effect }) => effect === "lost").map(({ text }) => JSON.stringify(text));
      const right =
        gone.length === told.length && gone.every((volume) => told.some((line) => line.includes(`"t-${volume}"`)));
      return right && review.dataLoss === gone.length > 0 ? [] : [{ seed, gone, told }];
    });

    expect(wrong).toEqual([]);
  });

  test("open and close exactly those ports and outgoing connections that differ", () => {
    const wrong = changes.flatMap(({ seed, change, review: { access } }) => {
      const told = (effect: string, pattern: RegExp) =>
        access
          .filter((change) => change.effect === effect)
          .flatMap(
            ({ text }) =>
              pattern.exec(text.map((part) => (typeof part === "string" ? part : part.quoted)).join(""))?.[1] ?? [],
          )
          .sort();
      const out = (services: readonly GeneratedService[]) =>
        services.filter(({ egress }) => egress).map(({ name }) => name);
      // The review lists no connections of a removed container.
      const kept = change.before.filter((one) => change.after.some(({ name }) => name === one.name));
      const outgoing = /^connections from t-(\S+) to any outside address$/;
      const found = [
        [told("opens", /^port (\S+) leads/), without(portsOf(change.after), portsOf(change.before))],
        // Who reached a port from the host itself reaches it from everywhere, too.
        [
          told("closes", /^port (\S+),/),
          without(portsOf(change.before), [
            ...portsOf(change.after),
            ...portsOf(change.after).map((port) => port.replace("0.0.0.0", "127.0.0.1")),
          ]),
        ],
        [told("opens", outgoing), without(out(change.after), out(change.before))],
        [told("closes", outgoing), without(out(kept), out(change.after))],
      ];
      return found.every(([left, right]) => left?.join() === right?.join()) ? [] : [{ seed, found }];
    });

    expect(wrong).toEqual([]);
  });

  test("cause downtime only with a replacement, and at least for its stop and start", () => {
    const wrong = changes.flatMap(({ seed, change, review: { downtime, services } }) => {
      const replaced = services.filter(({ action }) => action === "replaced");
      const least = Math.max(
        0,
        ...replaced.map(({ name }) => 10 + 2 * (change.after.find((one) => `t-${one.name}` === name)?.retries ?? 0)),
      );
      const right = replaced.length === 0 ? downtime === undefined : (downtime?.seconds ?? 0) >= least;
      return right ? [] : [{ seed, downtime, least }];
    });

    expect(wrong).toEqual([]);
  });

  test("show no secret, and have the same review in any order of the plan", () => {
    const wrong = changes.flatMap(({ seed, change, plan, review }) => {
      const shuffled = { ...plan, resource_changes: [...(plan.resource_changes ?? [])].reverse() };
      const secrets = secretsOf(plan);
      const again = reviewPlan(shuffled, "t");
      const values = [...change.before, ...change.after].map(secretOf);
      return (["text", "markdown", "json"] as const).flatMap((format) => {
        const output = render(review, format, secrets);
        const isSame = output === render(again, format, secrets);
        const leaks = values.some(
          (value) => output.includes(value) || output.includes(JSON.stringify(value).slice(1, -1)),
        );
        return leaks || !isSame || output.length > 65_000 ? [{ seed, format, leaks }] : [];
      });
    });

    expect(wrong).toEqual([]);
  });

  test("contain every action, lost data, and every change of access", () => {
    const told = <T>(of: (review: Review) => readonly T[]) =>
      [...new Set(changes.flatMap(({ review }) => of(review)))].sort();

    // No container had stopped before, so that none starts again.
    expect(told(({ services }) => services.map(({ action }) => action))).toEqual([
      "new",
      "nothing",
      "removed",
      "replaced",
      "updated",
    ]);
    expect(told(({ data }) => data.map(({ effect }) => effect))).toEqual(["kept", "lost", "new"]);
    const sentence = (text: Text) => text.filter((part) => typeof part === "string")[0];
    expect(told(({ access }) => access.map(({ effect, text }) => `${effect} ${sentence(text)}`))).toEqual([
      "closes connections from ",
      "closes port ",
      // A new service on the internal network, which the library did not make.
      "opens  joins the network ",
      "opens connections from ",
      "opens port ",
    ]);
  });
});
