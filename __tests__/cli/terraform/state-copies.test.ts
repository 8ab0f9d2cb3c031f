import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { backupRemoval } from "../../../cli/terraform/state-copies";

const folder = mkdtempSync(join(tmpdir(), "state backups-"));
const state = join(folder, "terraform.prod.tfstate");

test("the copies that Terraform keeps of a local state are named, and how to remove them", () => {
  const copies = ["terraform.prod.tfstate.1764450000.backup", "terraform.prod.tfstate.backup"];
  for (const name of [...copies, "terraform.prod.tfstate", "terraform.test.tfstate.backup"]) {
    writeFileSync(join(folder, name), "");
  }

  expect(backupRemoval(state)).toEqual([
    "Its old secrets are still in copies of its state. To remove them:",
    `  rm ${copies.map((name) => `'${relative(process.cwd(), join(folder, name))}'`).join(" ")}`,
  ]);
});

test("nothing is said if there is no copy, no folder, or no local state", () => {
  expect(backupRemoval(join(folder, "terraform.other.tfstate"))).toEqual([]);
  expect(backupRemoval(join(folder, "missing", "terraform.tfstate"))).toEqual([]);
  expect(backupRemoval(undefined)).toEqual([]);
});
