import { execFileSync } from "node:child_process";
import { shellWord } from "../../../cli/console/shell-word";

describe("A word for a shell", () => {
  test.each(["plain", "a b", "it's", '"$HOME`id`\\', "", "a\nb", 'docker_volume.v["it\'s"]', "~", "*"])(
    "is read back by a shell as it was: %j",
    (text) => {
      expect(execFileSync("sh", ["-c", `printf %s ${shellWord(text)}`], { encoding: "utf8" })).toBe(text);
    },
  );

  test("has quotes only if it needs them", () => {
    expect(shellWord("ghcr.io/mlflow/mlflow:v3.17.2-full")).toBe("ghcr.io/mlflow/mlflow:v3.17.2-full");
    expect(shellWord('docker_volume.v["x"]')).toBe(`'docker_volume.v["x"]'`);
  });
});
