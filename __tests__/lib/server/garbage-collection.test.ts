import { AuthMethod, Duration, Role, StackEnvironment } from "../../../lib";
import type { GarbageCollectionOptions } from "../../../lib";
import { GC_PROGRAM_FILE, GC_SERVICE_FILE } from "../../../lib/contract/garbage";
import { STORES_FILE } from "../../../lib/contract/store-identity";
import { addresses, container, environment, file, mlflowStack, synth } from "../../support/stacks/synth";

const stackWith = (garbageCollection: GarbageCollectionOptions) => mlflowStack({ server: { garbageCollection } });
/** The resource of the service. */
const service = (stack: ReturnType<typeof mlflowStack>) =>
  (addresses(stack).find((address) => /^docker_container\.server_gc_\w+$/.test(address)) ?? "").split(".")[1] ?? "";

describe("Garbage that is deleted on a schedule", () => {
  test("needs an option", () => {
    expect(service(mlflowStack())).toBe("");
    expect(service(stackWith({}))).not.toBe("");
  });

  test("is deleted by a service with the server's image and stores, and none of its secrets", () => {
    const auth = AuthMethod.basic({
      users: [
        { name: "ada", role: Role.ADMIN },
        { name: "bob", role: Role.WRITE, workspace: "team-a" },
      ],
    });
    const stack = mlflowStack({ auth, server: { features: { workspaces: true }, garbageCollection: {} } });
    const name = service(stack);
    const { image, memory, user } = container(stack, name);

    expect([image, user]).toEqual([container(stack, "server").image, "1000:1000"]);
    expect(memory).toBe(960);
    expect(environment(stack, name)).toMatchObject({
      GC_SCHEDULE: "30 3 * * *",
      GC_OLDER_THAN_SECONDS: "2592000",
      MLFLOW_ENABLE_WORKSPACES: "true",
      STACK_IDENTITY: environment(stack, "server").STACK_IDENTITY,
    });
    expect(file(stack, name, GC_SERVICE_FILE)).toContain("GC_SCHEDULE");
    expect(file(stack, name, GC_PROGRAM_FILE)).toMatch(
      /class Decision[^]*class Lock[^]*class Listing[^]*def step_delete/,
    );
    expect(file(stack, name, STORES_FILE)).toBe(file(stack, "server", STORES_FILE));
    expect(JSON.stringify(container(stack, name))).not.toContain("mlflow.env");
  });

  test("has a schedule that its scheduler reads, and an age", () => {
    const stack = stackWith({ schedule: "*/30 1-3 * * sat,7", olderThan: Duration.days(90) });

    expect(environment(stack, service(stack))).toMatchObject({
      GC_SCHEDULE: "0,30 1,2,3 * * 6,7",
      GC_OLDER_THAN_SECONDS: "7776000",
    });
  });

  test.each<[string, GarbageCollectionOptions]>([
    ["'schedule' must be five fields of cron", { schedule: "nightly" }],
    ["'schedule' must name a day that exists", { schedule: "0 3 31 2 *" }],
    ["'olderThan' must be 1 day or more, got: 23h0m0s", { olderThan: Duration.hours(23) }],
  ])("is refused: %s", (message, options) => {
    expect(() => stackWith(options)).toThrow(message);
  });
});

describe("GC_SCHEDULE", () => {
  const stackFrom = (variables: { [name: string]: string }) => mlflowStack(new StackEnvironment(variables).props());

  test("switches it on", () => {
    expect(synth(stackFrom({}))).toEqual(synth(mlflowStack()));
    const stack = stackFrom({ GC_SCHEDULE: "@daily", GC_OLDER_THAN: "36h" });
    expect(environment(stack, service(stack))).toMatchObject({
      GC_SCHEDULE: "0 0 * * *",
      GC_OLDER_THAN_SECONDS: "129600",
    });
  });

  test.each([
    [{ GC_OLDER_THAN: "30d" }, "GC_OLDER_THAN must not be set without GC_SCHEDULE"],
    [{ GC_SCHEDULE: "@daily", GC_OLDER_THAN: "30" }, "GC_OLDER_THAN must be a whole number and d or h"],
    [{ GC_SCHEDULE: "@daily", GC_OLDER_THAN: "0d" }, "'olderThan' must be 1 day or more"],
  ])("is refused: %j", (variables, message) => {
    expect(() => stackFrom(variables)).toThrow(message);
  });
});
