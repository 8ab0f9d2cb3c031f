import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { imagesBuiltHere, isAnyNew } from "../../../cli/docker/images-built-here";
import { offlineEnvironment } from "../../../offline";

const { POSTGRES_IMAGE = "", MLFLOW_IMAGE = "" } = offlineEnvironment();

function outputWith(...images: string[]): string {
  const output = mkdtempSync(join(tmpdir(), "output-"));
  mkdirSync(join(output, "stacks", "mlflow"), { recursive: true });
  const resource = { docker_image: Object.fromEntries(images.map((name, index) => [`image_${index}`, { name }])) };
  writeFileSync(join(output, "stacks", "mlflow", "cdk.tf.json"), JSON.stringify({ resource }));
  return output;
}

describe("Images that were built here", () => {
  test("stay in use", () => {
    expect(imagesBuiltHere(outputWith(POSTGRES_IMAGE, "pgsty/silo:1"), {})).toEqual({ POSTGRES_IMAGE });
  });

  test("are replaced by those that are built from newer sources", () => {
    const older = POSTGRES_IMAGE.replace(/-[0-9a-f]{12}$/, "-0123456789ab");

    expect(imagesBuiltHere(outputWith(older), {})).toEqual({ POSTGRES_IMAGE });
  });

  test("are not taken by a stack that used others, or that is new", () => {
    expect(imagesBuiltHere(outputWith("postgres:18.6-trixie"), {})).toEqual({});
    expect(imagesBuiltHere(join(tmpdir(), "no-such-folder"), {})).toEqual({});
  });

  test("are replaced by an image that the user names", () => {
    expect(imagesBuiltHere(outputWith(POSTGRES_IMAGE, MLFLOW_IMAGE), { MLFLOW_IMAGE: "example/mlflow:1" })).toEqual({
      POSTGRES_IMAGE,
    });
  });
});

test("an image built here is new to a stack unless its state has one, or the user names it", () => {
  const older = POSTGRES_IMAGE.replace(/-[0-9a-f]{12}$/, "-0123456789ab");

  expect(isAnyNew(["postgres:18.6"], [POSTGRES_IMAGE], {})).toBe(true);
  expect(isAnyNew([older], [POSTGRES_IMAGE], {})).toBe(false);
  expect(isAnyNew([], [POSTGRES_IMAGE], { POSTGRES_IMAGE })).toBe(false);
  expect(isAnyNew(["postgres:18.5"], ["postgres:18.6"], {})).toBe(false);
});
