import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { protectState } from "../../../cli/terraform/state-file";

let folder: string;
let state: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mlflow-stack-test-"));
  state = join(folder, "terraform.mlflow.tfstate");
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, mode: number): void {
  writeFileSync(file, "{}");
  chmodSync(file, mode);
}

function modeOf(file: string): string {
  return (statSync(file).mode & 0o777).toString(8);
}

describe("A state file", () => {
  test("that everybody can read is told, and is this user's alone from then on, as its backups are", () => {
    write(state, 0o644);
    write(`${state}.backup`, 0o664);
    write(join(folder, "terraform.research.tfstate"), 0o644);

    const lines = protectState(state);

    expect(lines).toEqual([
      expect.stringContaining(`${state} had mode 644: everybody on this machine could read its passwords`),
      expect.stringContaining(`${state}.backup had mode 664`),
    ]);
    expect([state, `${state}.backup`].map(modeOf)).toEqual(["600", "600"]);
    expect(modeOf(join(folder, "terraform.research.tfstate"))).toBe("644");
    expect(protectState(state)).toEqual([]);
  });

  test("that a group may read is somebody's choice", () => {
    write(state, 0o660);

    expect(protectState(state)).toEqual([]);
    expect(modeOf(state)).toBe("660");
  });

  test("that does not exist yet, or lies in another backend, is nothing to say", () => {
    expect([protectState(state), protectState(undefined), protectState(join(folder, "no", "state"))]).toEqual([
      [],
      [],
      [],
    ]);
  });
});
