import { execFileSync } from "node:child_process";
import { packageText } from "../../lib/values/package-folder";

/** Runs Python lines after the rules of `mlflow-stack gc`, which need nothing but Python, and returns `result`. */
function rules<T>(lines: string, values: object): T {
  const code = `${packageText("mlflow", "gc", "rules.py")}
import json
values = json.loads(${JSON.stringify(JSON.stringify(values))})
${lines}
print(json.dumps(result))
`;
  return JSON.parse(execFileSync("python3", ["-"], { input: code, encoding: "utf8" })) as T;
}

const id = (letter: string) => letter.repeat(32);

test("An artifact location is a key of the bucket, elsewhere, or not understood", () => {
  const addresses: [string | null, string | null][] = [
    ["mlflow-artifacts:/1/a/artifacts", "1/a/artifacts"],
    ["mlflow-artifacts://host:5000/1/a/", "1/a"],
    ["mlflow-artifacts:/", ""],
    ["s3://bucket/team/1", "1"],
    ["s3://bucket/team", ""],
    ["s3://bucket/teams/1", "elsewhere"],
    ["s3://other/team/1", "elsewhere"],
    ["file:///tmp/1", "elsewhere"],
    ["/tmp/1", "elsewhere"],
    ["mlflow-artifacts:/1/../2", null],
    ["mlflow-artifacts:/1//2", null],
    ["mlflow-artifacts:/1%2F2", null],
    ["mlflow-artifacts:/1#2", null],
    ["https://host/api/2.0/mlflow-artifacts/artifacts/1", null],
    ["", null],
    [null, null],
  ];
  const found = rules<(string | null)[]>(
    `found = [key_of(one, "bucket", "team/") for one in values["addresses"]]
result = ["elsewhere" if one is ELSEWHERE else one for one in found]`,
    { addresses: addresses.map(([address]) => address) },
  );
  expect(found).toEqual(addresses.map(([, key]) => key));
});

test("Files are deleted with a run, model or trace only if its own id is in their place", () => {
  const m = `m-${id("c")}`;
  const cases: [string, string, string, string | null][] = [
    ["run", id("a"), `mlflow-artifacts:/1/${id("a")}/artifacts`, `1/${id("a")}/artifacts/`],
    ["run", id("a"), `mlflow-artifacts:/team/x/${id("a")}/artifacts`, `team/x/${id("a")}/artifacts/`],
    ["model", m, `mlflow-artifacts:/1/models/${m}/artifacts`, `1/models/${m}/artifacts/`],
    ["trace", `tr-${id("d")}`, `s3://bucket/1/traces/tr-${id("d")}/artifacts`, `1/traces/tr-${id("d")}/artifacts/`],
    ["run", id("a"), `mlflow-artifacts:/1/${id("b")}/artifacts`, null],
    ["run", id("a"), `mlflow-artifacts:/1/x${id("a")}/artifacts`, null],
    ["run", id("a"), `mlflow-artifacts:/${id("a")}/artifacts`, null],
    ["run", id("a"), `mlflow-artifacts:/1/${id("a")}`, null],
    ["run", id("a"), `s3://other/1/${id("a")}/artifacts`, null],
    ["run", "short", "mlflow-artifacts:/1/short/artifacts", null],
    ["run", id("a"), "mlflow-artifacts:/", null],
  ];
  const found = rules<(string | null)[]>(`result = [place_of(*one, "bucket", "") for one in values["cases"]]`, {
    cases: cases.map(([kind, one, address]) => [kind, one, address]),
  });
  expect(found).toEqual(cases.map(([, , , place]) => place));
});

test("Files without an owner go only if all that could own them is known to be gone", () => {
  const run = id("a");
  const kept = {
    experiment: "files without an owner, in an experiment that exists",
    workspace: "files without an owner, in a workspace that exists",
    never: "files of an experiment that this database never had",
    named: "files without an owner, which a version of a registered model names",
    young: "files without an owner, younger than a day",
    shared: "files without an owner, in a bucket that others may use",
    unclear: "files without an owner, while the location of an experiment is not understood",
  };
  const usual = { prefix: `5/${run}/artifacts/`, locations: ["mlflow-artifacts:/1"], young: false, own: true };
  const cases: [object, string | null][] = [
    [{}, null],
    [{ prefix: `5/models/m-${run}/artifacts/` }, null],
    [{ prefix: `5/traces/tr-${run}/artifacts/` }, null],
    [{ prefix: `workspaces/gone/5/${run}/artifacts/` }, null],
    [{ prefix: `1/${run}/artifacts/` }, kept.experiment],
    [{ prefix: `1/traces/tr-${run}/artifacts/` }, kept.experiment],
    [{ prefix: `workspaces/gone/1/${run}/artifacts/` }, kept.experiment],
    [{ prefix: `workspaces/default/5/${run}/artifacts/` }, kept.workspace],
    [{ prefix: `9/${run}/artifacts/` }, kept.never],
    [{ prefix: `5/${id("f")}/artifacts/` }, kept.named],
    [{ young: true }, kept.young],
    [{ own: false }, kept.shared],
    [{ locations: ["mlflow-artifacts:/5"] }, kept.experiment],
    [{ locations: [`mlflow-artifacts:/5/${run}`] }, kept.experiment],
    [{ locations: [`mlflow-artifacts:/5/${run}/artifacts/deep`] }, kept.experiment],
    [{ locations: ["mlflow-artifacts:/"] }, kept.experiment],
    [{ locations: ["https://host/what"] }, kept.unclear],
    [{ locations: ["s3://other/5", "file:///tmp/5"] }, null],
  ];
  const found = rules<(string | null)[]>(
    `result = []
for case in values["cases"]:
    places = Places(case["locations"], "bucket", "")
    judged = Ownerless({0, 1}, 7, {"default"}, {"${id("f")}"}, places, case["own"])
    result.append(judged.why_kept(KEY.fullmatch(case["prefix"]), case["young"]))`,
    { cases: cases.map(([change]) => ({ ...usual, ...change })) },
  );
  expect(found).toEqual(cases.map(([, why]) => why));
});

test("Only MLflow's own form of a key is known", () => {
  const keys: [string, boolean][] = [
    [`5/${id("a")}/artifacts/x`, true],
    [`5/${id("a")}/x`, false],
    [`05/${id("a")}/artifacts/x`, false],
    [`5/${id("A")}/artifacts/x`, false],
    [`5/models/${id("a")}/artifacts/x`, false],
    [`5/x/${id("a")}/artifacts/x`, false],
    [`#mlflow-stack-identity/5/${id("a")}/artifacts/x`, false],
    [`workspaces/a/b/5/${id("a")}/artifacts/x`, false],
  ];
  const found = rules<boolean[]>(`result = [KEY.match(key) is not None for key in values["keys"]]`, {
    keys: keys.map(([key]) => key),
  });
  expect(found).toEqual(keys.map(([, isKnown]) => isKnown));
});

describe("Of what users deleted", () => {
  interface Found {
    readonly runs: string[];
    readonly models: string[];
    readonly experiments: number[];
    readonly kept: { readonly [thing: string]: string };
  }
  const OLD = 10;
  const NOW = 90;
  const experiment = (key: number, more: object = {}) => ({
    ...{ id: key, stage: "deleted", changed: OLD, address: `mlflow-artifacts:/${key}` },
    ...{ traces: 0, traced: 0, clear: true, archived: false },
    ...more,
  });
  const run = (key: string, more: object = {}) => ({
    ...{ id: key, experiment: 1, stage: "deleted", deleted: OLD, place: `1/${key}/artifacts/` },
    ...more,
  });
  const model = (key: string, more: object = {}) => ({
    ...{ id: key, experiment: 1, stage: "deleted", changed: OLD, place: `1/models/${key}/artifacts/` },
    ...more,
  });
  const live = experiment(1, { stage: "active" });

  function decide(rows: object): Found {
    return rules<Found>(
      `rows = {"experiments": [], "runs": [], "models": [], "links": [], "named": [], **values}
found = Decision(rows["experiments"], rows["runs"], rows["models"], rows["links"], set(rows["named"]), 50, "bucket", "")
result = {"runs": sorted(found.runs), "models": sorted(found.models), "experiments": sorted(found.experiments)}
result["kept"] = {f"{kind} {one}": why for (kind, one), why in found.kept.items()}`,
      rows,
    );
  }

  test("runs and models go that were deleted long ago, and no others", () => {
    const found = decide({
      experiments: [live],
      runs: [run("old"), run("new", { deleted: NOW }), run("unknown", { deleted: null }), run("lost", { place: null })],
      models: [model("m-old"), model("m-new", { changed: NOW }), model("m-named")],
      named: ["m-named"],
    });

    expect(found).toEqual({
      runs: ["old"],
      models: ["m-old"],
      experiments: [],
      kept: {
        "run new": "deleted for less than that",
        "run unknown": "no time of deletion is known",
        "run lost": "its files are not where MLflow puts them in this bucket",
        "model m-new": "deleted for less than that",
        "model m-named": "a version of a registered model names it",
      },
    });
  });

  test("a run stays while a model that has its metrics stays, and goes with that model", () => {
    const links = [
      ["m-live", "used"],
      ["m-old", "left"],
    ];
    const found = decide({ experiments: [live], runs: [run("used"), run("left")], models: [model("m-old")], links });

    expect(found).toMatchObject({ runs: ["left"], kept: { "run used": "a logged model of it stays" } });
  });

  test("an experiment goes with all that is in it, also with models that nobody deleted", () => {
    const found = decide({
      experiments: [experiment(1, { traces: 3, traced: OLD })],
      runs: [run("a")],
      models: [model("m-a", { stage: "active" })],
      links: [["m-a", "a"]],
    });

    expect(found).toEqual({ runs: ["a"], models: ["m-a"], experiments: [1], kept: {} });
  });

  test.each<[string, object, string]>([
    ["a run is active", { runs: [run("a", { stage: "active" })] }, "not all in it can be deleted"],
    ["a run was deleted lately", { runs: [run("a", { deleted: NOW })] }, "not all in it can be deleted"],
    ["a model was changed lately", { models: [model("m-a", { stage: "active", changed: NOW })] }, "not all in it"],
    ["a registered model names a run", { runs: [run("a")], named: ["a"] }, "not all in it can be deleted"],
    ["it was deleted lately", { experiments: [experiment(1, { changed: NOW })] }, "deleted for less than that"],
    ["a trace is new", { experiments: [experiment(1, { traces: 1, traced: NOW })] }, "something in it was changed"],
    ["traces are archived", { experiments: [experiment(1, { archived: true })] }, "it has archived traces"],
    ["traces lie elsewhere", { experiments: [experiment(1, { clear: false })] }, "its files are not where"],
    ["it is experiment 0", { experiments: [experiment(0)] }, "MLflow would create it again"],
    [
      "another one keeps its files there",
      { experiments: [experiment(1), experiment(2, { stage: "active", address: "mlflow-artifacts:/1/deep" })] },
      "another experiment keeps its files there",
    ],
  ])("an experiment stays if %s", (_, rows, why) => {
    const found = decide({ experiments: [experiment(1)], ...rows });

    expect(found.experiments).toEqual([]);
    expect(Object.entries(found.kept)).toContainEqual([
      expect.stringMatching(/^experiment/),
      expect.stringContaining(why),
    ]);
  });

  test("an experiment that stays keeps its active models, and with them their runs", () => {
    const found = decide({
      experiments: [experiment(1)],
      runs: [run("a"), run("b", { deleted: NOW })],
      models: [model("m-a", { stage: "active" })],
      links: [["m-a", "a"]],
    });

    expect([found.runs, found.models, found.experiments]).toEqual([[], [], []]);
    expect(found.kept).toMatchObject({ "run a": "a logged model of it stays" });
  });
});
