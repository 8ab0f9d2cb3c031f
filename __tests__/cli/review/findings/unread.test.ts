import type { Plan } from "../../../../cli/terraform/json/plan-json";
import { packageText } from "../../../../lib/values/package-folder";
import { PlanBuilder, upload } from "../../../support/plans/plan-builder";
import { FOREIGN, changed, review, role } from "../../../support/plans/reviewed";

describe("A review tells", () => {
  test.each<[string, Plan, string]>([
    ["a command that it does not know", changed({ command: ["a"] }, { command: ["b"] }), "the container web"],
    [
      "a new container of another library",
      new PlanBuilder().resource("docker_container.a", null, FOREIGN).build(),
      "the container agent is new. It is not of cdktf-mlflow: nobody has checked what it does",
    ],
    [
      "a volume that is a folder elsewhere",
      new PlanBuilder().resource("docker_volume.v", null, { name: "v", driver_opts: { device: "/" } }).build(),
      "settings of docker_volume.v",
    ],
    [
      "an output that was secret",
      {
        ...new PlanBuilder().build(),
        output_changes: { url: { actions: ["update"], before_sensitive: true, after_sensitive: false } },
      },
      "the output url was secret, and is not secret any more",
    ],
  ])("%s", (_what, plan, sentence) => {
    const { headline, said } = review(plan);

    expect(said).toContain(sentence);
    expect(said).not.toContain("hunter2");
    expect(headline).not.toMatch(/Nothing opens or closes\. This apply deletes no data/);
  });

  test("of a database's command only what differs, and asks nobody to read what it judges", () => {
    const command = (...more: string[]) => ({
      ...role("database"),
      command: ["postgres", "-c", "max_connections=100", "-c", "wal_compression=on", ...more],
    });
    const unsafe = review(changed(command(), command("-c", "fsync=off")));
    const other = review(changed(command(), command("-c", "fsync=off", "-c", "shared_preload_libraries=x")));
    const twice = review(changed(command("-c", "fsync=on"), command("-c", "fsync=on", "-c", "fsync=off")));

    expect(unsafe.review.unread).toEqual([]);
    expect(unsafe.headline).toMatch(/^A power cut or a crash of the host can destroy the whole database from then on/);
    expect(unsafe.review.services[0]?.changes).toEqual([
      { kind: "setting", name: "command", before: "…", after: "… -c fsync=off" },
    ]);
    expect(other.review.unread).toHaveLength(1);
    expect(twice.review.unread).toHaveLength(1);
  });

  test("nothing of the store's own command lines, and another one must be read", () => {
    const command = (...more: string[]) => ({ command: ["server", "/data", "--address", ":9000", ...more] });

    expect(review(changed(command(), command("--console-address", ":9001"))).said).toBe("");
    expect(review(changed(command(), command("--anonymous"))).said).toContain("--anonymous");
  });

  test("nothing of a job's host name with the time of its plan, and any other must be read", () => {
    const host = (hostname: string) => ({ ...role("bucket-job"), hostname });

    expect(review(changed(host("planned-20261201052625"), host("planned-20261201052713"))).said).toBe("");
    expect(review(changed(host("planned-20261201052625"), host("e2e-server"))).said).toContain("hostname");
  });

  test("nothing of a file that becomes that of this release", () => {
    const rules = (content: string) => ({ upload: [upload("/etc/caddy/Caddyfile", content)] });

    expect(review(changed(rules("old"), rules(packageText("caddy", "Caddyfile")))).said).toBe("");
    expect(review(changed(rules(packageText("caddy", "Caddyfile")), {})).said).toBe("");
    expect(review(changed(rules("old"), {})).said).toContain("/etc/caddy/Caddyfile");
    expect(review(changed(rules("old"), rules("new"))).said).toContain("/etc/caddy/Caddyfile");
  });
});
