import type { Plan } from "../../../../cli/terraform/json/plan-json";
import { PlanBuilder, ourContainer, upload } from "../../../support/plans/plan-builder";
import { changed, plain, review, role } from "../../../support/plans/reviewed";

const CONFIGURATION = "/etc/oauth2-proxy/oauth2-proxy.cfg";

/** oauth2-proxy with other settings. */
function login(...sides: { [name: string]: unknown }[]): Plan {
  const usual = {
    oidc_issuer_url: "https://login.example.com",
    email_domains: ["example.com"],
    allowed_groups: ["ml"],
  };
  const [before = {}, after = {}] = sides.map((settings) => ({
    ...role("oauth2-proxy"),
    upload: [
      upload(
        CONFIGURATION,
        Object.entries({ ...usual, ...settings })
          .map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`)
          .join(""),
      ),
    ],
  }));
  return new PlanBuilder()
    .resource("docker_container.login", ourContainer("login", before), ourContainer("login", after), {
      sensitive: ["upload"],
    })
    .build();
}

/** A gateway that gets single sign-on for the group `ml`, with this list of groups of admins before and after. */
function signOn(before: string, after: string): Plan {
  const side = (admins: string) =>
    ourContainer("gateway", { ...role("gateway"), env: ["AUTH_METHOD=oauth2", `ADMIN_GROUPS=${admins}`] });
  const proxy = login({}, {}).resource_changes?.[0]?.change.after ?? null;
  return new PlanBuilder()
    .resource("docker_container.gateway", side(before), side(after))
    .resource("docker_container.login", null, proxy, { sensitive: ["upload"] })
    .build();
}

describe("A review says who may log in", () => {
  test("once, with a warning, if all who may log in are admins", () => {
    const { said, review: found } = review(signOn("`others`", "`ml` `others`"));

    expect(found.warnings.map(plain)).toEqual([
      "by single sign-on, every account that gets in is an admin, who may delete everything for good",
    ]);
    expect(said).not.toContain("the role admin");
  });

  test("and which groups of admins there are besides", () => {
    expect(review(signOn("`others`", "`ml`")).said).toContain("closes: the role admin for the group others");
    expect(review(signOn("`ml`", "`ml` `others`")).said).toContain("opens: the role admin for the group others");
    expect(review(signOn("`ml`", "`ml`")).said).not.toContain("the role admin");
  });

  test.each<[string, string, string]>([
    ["scheme", "URL_SCHEME=http", "URL_SCHEME=https"],
    ["scheme, the way back", "URL_SCHEME=https", "URL_SCHEME=http"],
    ["header", "URL_SCHEME=https", "URL_SCHEME=https"],
  ])("and that browsers go on to refuse plain HTTP, at another %s", (_what, before, after) => {
    const side = (scheme: string, isOn: boolean) => ({
      ...role("gateway"),
      env: [scheme, `STRICT_TRANSPORT_SECURITY=${isOn ? "max-age=172800" : ""}`],
    });
    const isBack = after.endsWith("http");

    expect(review(changed(side(before, isBack), side(after, !isBack))).said).toContain(
      "Browsers refuse plain HTTP at this address for 2 days after their last visit by TLS, also once this change is taken back",
    );
  });

  test.each<[string, Plan, string]>([
    [
      "any account",
      login({}, { email_domains: ["*"], allowed_groups: [] }),
      "danger: who may log in by single sign-on: every account of https://login.example.com, whoever has it: neither a domain nor a group is asked for. Until now: every account of https://login.example.com with an e-mail address at example.com in the group ml. Such an account may read everything, and change nothing, unless a list gives it a role",
    ],
    [
      "no admin",
      changed(
        { ...role("gateway"), env: ["AUTH_METHOD=oauth2", "ADMIN_GROUPS=`ml`"] },
        { ...role("gateway"), env: ["AUTH_METHOD=oauth2"] },
      ),
      "danger: no account of the login service is an admin any more",
    ],
    [
      "another domain",
      login({}, { email_domains: ["example.com", "example.org"] }),
      "opens: who may log in by single sign-on: every account of https://login.example.com with an e-mail address at example.com, example.org in the group ml",
    ],
    [
      "no group asked for",
      login({}, { allowed_groups: [] }),
      "with an e-mail address at example.com, in whatever group. Until now",
    ],
    [
      "fewer groups",
      login({ allowed_groups: ["ml", "all"] }, {}),
      "closes: who may log in by single sign-on: every account",
    ],
    [
      "another issuer",
      login({}, { oidc_issuer_url: "https://accounts.google.com" }),
      "danger: who may log in by single sign-on: every account of https://accounts.google.com",
    ],
    [
      "another provider",
      login({ provider: "oidc" }, { provider: "github" }),
      "danger: who may log in by single sign-on: every account of https://github.com",
    ],
    [
      "tokens of other programs",
      login({}, { oidc_extra_audiences: ["cli"] }),
      "opens: tokens of the issuer that were made for the program cli",
    ],
    ["a setting that nobody judged", login({}, { skip_auth_routes: ["/.*"] }), "skip_auth_routes"],
    [
      "machines",
      new PlanBuilder()
        .resource(
          "docker_container.l",
          ourContainer("l", { upload: [upload(CONFIGURATION, ""), upload("/etc/oauth2-proxy/machines", "a\n")] }),
          ourContainer("l", { upload: [upload(CONFIGURATION, ""), upload("/etc/oauth2-proxy/machines", "a\nb\n")] }),
        )
        .build(),
      "opens: calls by the service account b",
    ],
  ])("with %s", (_what, plan, sentence) => {
    const { headline, said } = review(plan);

    expect(said).toContain(sentence);
    expect(headline).not.toContain("Nothing opens");
  });
});

describe("A review calls dangerous", () => {
  test.each<[string, Plan, string]>([
    [
      "another service that decides who is logged in",
      changed(
        { env: ["AUTH_METHOD=oauth2", "OAUTH2_PROXY=login:4180"] },
        { env: ["AUTH_METHOD=oauth2", "OAUTH2_PROXY=evil:4180"] },
      ),
      "the service that decides who is logged in: evil:4180 instead of login:4180",
    ],
  ])("%s", (_what, plan, sentence) => {
    const { headline, said } = review(plan);

    expect(said).toContain(`danger: ${sentence}`);
    expect(headline).toMatch(/\d access(es are| is) dangerous/);
  });
});
