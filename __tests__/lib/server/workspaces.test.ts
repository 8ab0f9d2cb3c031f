import { AuthMethod, Role, Secret } from "../../../lib";
import type { MlflowStackProps, UserOptions } from "../../../lib";
import { addresses, container, file, mlflowStack } from "../../support/stacks/synth";

const ADA = { name: "ada", role: Role.ADMIN };
const USERS_FILE = "/etc/caddy/users.json";

function stackOf(users: UserOptions[] | undefined, on = true, props: MlflowStackProps = {}) {
  return mlflowStack({ auth: AuthMethod.basic({ users }), server: { features: { workspaces: on } }, ...props });
}

describe("Workspaces", () => {
  test("of users reach the gateway, and a job creates them", () => {
    const stack = stackOf([
      ADA,
      { name: "bob", role: Role.READ, workspace: "team-a" },
      { name: "eve", role: Role.WRITE, workspace: "team-a" },
    ]);

    expect(file(stack, "gateway", USERS_FILE)).toBe(
      `[\n{"name":"ada","role":"admin"},\n{"name":"bob","role":"read","workspace":"team-a"},\n{"name":"eve","role":"write","workspace":"team-a"}\n]\n`,
    );
    const [job = ""] = addresses(stack).filter((address) => address.includes("server_workspaces"));
    expect(container(stack, job.split(".")[1] ?? "").command.slice(1)).toEqual(["team-a"]);
  });

  test("may belong to users beside single sign-on", () => {
    const auth = AuthMethod.oauth2({
      issuerUrl: "https://login.example.com",
      clientId: "mlflow",
      clientSecret: Secret.variable("oauth2_client_secret"),
      allowedDomains: ["example.com"],
      users: [{ name: "ci", role: Role.WRITE, workspace: "team-a" }],
    });
    const stack = stackOf(undefined, true, { auth, url: "https://mlflow.example.com" });

    expect(file(stack, "gateway", USERS_FILE)).toBe(`[\n{"name":"ci","role":"write","workspace":"team-a"}\n]\n`);
  });

  test.each([
    ["the default admin alone", undefined],
    ["users who have none", [ADA, { name: "bob", role: Role.READ }]],
  ])("are refused with %s", (_title, users) => {
    expect(() => stackOf(users)).toThrow(
      "'features.workspaces' needs at least one of the 'users' with a 'workspace', because the gateway chooses the workspace of a request by its user [mlflow/gateway]",
    );
  });

  test("of users are refused while workspaces are off", () => {
    expect(() => stackOf([{ ...ADA, workspace: "team-a" }], false)).toThrow(
      "user 'ada' must have no 'workspace' while 'features.workspaces' of the server is off, got: 'team-a' [mlflow/gateway]",
    );
  });

  test.each(["a", "Team-A", "team_a", "-team", "team-", "team a", "a".repeat(64), "", "workspaces", "api", "ajax-api"])(
    "have names that MLflow takes, unlike '%s'",
    (workspace) => {
      expect(() => stackOf([{ ...ADA, workspace }])).toThrow(
        `'workspace' of user 'ada' must be 2 to 63 lower-case letters, digits and - inside, and no name that MLflow reserves, got: '${workspace}' [mlflow/gateway]`,
      );
    },
  );

  test.each(["ab", "0-0", "default", "a".repeat(63)])(
    "may be called '%s', and the gateway gets the name",
    (workspace) => {
      const users: unknown = JSON.parse(file(stackOf([{ ...ADA, workspace }]), "gateway", USERS_FILE));

      expect(users).toEqual([{ ...ADA, workspace }]);
    },
  );
});
