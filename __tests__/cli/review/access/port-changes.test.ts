import type { Plan } from "../../../../cli/terraform/json/plan-json";
import { changed, review, role } from "../../../support/plans/reviewed";

describe("A review calls dangerous", () => {
  test.each<[string, Plan, string]>([
    [
      "another program behind an open port",
      changed({ ports: [{ external: 80, internal: 5000 }] }, { ports: [{ external: 80, internal: 9000 }] }),
      "port 0.0.0.0:80 of web leads to another program in it: that at port 9000 instead of 5000",
    ],
  ])("%s", (_what, plan, sentence) => {
    const { headline, said } = review(plan);

    expect(said).toContain(`danger: ${sentence}`);
    expect(headline).toMatch(/\d access(es are| is) dangerous/);
  });

  test.each([
    [
      "https",
      "0.0.0.0",
      "opens: port 0.0.0.0:443 leads to web, from everywhere that reaches the host: by HTTPS, with a login",
    ],
    ["http", "127.0.0.1", "opens: port 127.0.0.1:443 leads to web, from the host itself only"],
    [
      "http",
      "0.0.0.0",
      "danger: port 0.0.0.0:443 leads to web, from everywhere that reaches the host: with a login, but by plain HTTP: passwords and data travel in clear",
    ],
  ])("a gateway that opens by plain HTTP to more than its host: %s at %s", (scheme, ip, sentence) => {
    const side = (...ports: object[]) => ({
      ...role("gateway"),
      env: ["AUTH_METHOD=basic", `URL_SCHEME=${scheme}`],
      ports,
    });
    const port = (address: string) => ({ external: 443, internal: 443, ip: address, protocol: "tcp" });
    const { said } = review(changed(side(), side(port(ip))));

    expect(said).toBe(sentence);
    // It was reached from the host before, and still is.
    expect(review(changed(side(port("127.0.0.1")), side(port(ip)))).said).not.toContain("closes:");
  });
});
