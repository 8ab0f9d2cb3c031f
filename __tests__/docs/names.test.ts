import { ArtifactStore } from "../../lib";
import { markdownTable } from "../support/docs/markdown-table";
import { GUIDES, textOf } from "../support/docs/pages";
import { SHAPES } from "../support/stacks/shapes";
import { mlflowStack, synth } from "../support/stacks/synth";

const PAGES = GUIDES.filter((page) => /^(README|SECURITY|docs\/.*)\.md$/.test(page));
const STACKS = [
  ...Object.values(SHAPES).map((shape) => shape()),
  mlflowStack({ artifactStore: ArtifactStore.minio({ s3Api: true }) }),
].map(synth);
const OUTPUTS = new Set(STACKS.flatMap(({ output = {} }) => Object.keys(output)));
const RESOURCES = STACKS.flatMap(({ resource }) =>
  Object.entries(resource).flatMap(([type, blocks]) =>
    Object.entries(blocks).map(([id, block]) => ({ address: `${type}.${id}`, block })),
  ),
);
const ADDRESSES = RESOURCES.map(({ address }) => address);
const NAMES = new Set(
  RESOURCES.flatMap(({ block: { name, input, volumes = [] } }) => [
    name,
    input?.named_volume,
    ...volumes.map((volume: { volume_name?: string }) => volume.volume_name),
  ]),
);

/** What the pages write in these forms, each with its page. */
function written(...forms: RegExp[]): { page: string; word: string }[] {
  return PAGES.flatMap((page) =>
    forms.flatMap((form) => [...textOf(page).matchAll(form)].map(([, word = ""]) => ({ page, word }))),
  );
}

describe("The pages name", () => {
  test("containers and volumes that a stack has", () => {
    const found = written(
      /docker (?:start|stop|restart|exec|logs)(?: -[-\w]+)* (mlflow-[\w-]+)/g,
      /`(mlflow-[\w-]+-data(?:-\d+)?)`/g,
      /(<stack id>-[\w-]+)/g,
    ).map(({ page, word }) => ({ page, word: word.replace("<stack id>", "mlflow") }));

    expect(found.length).toBeGreaterThan(20);
    expect(found.filter(({ word }) => !NAMES.has(word))).toEqual([]);
  });

  test("addresses that Terraform has", () => {
    const found = written(/\b((?:random|docker|terraform)_\w+\.[a-z][\w-]*)/g);

    expect(found.length).toBeGreaterThan(2);
    // A volume of the reader's own.
    const known = [...ADDRESSES, "docker_volume.notebooks"];
    // A page may give the beginning of an address.
    expect(found.filter(({ word }) => !known.some((address) => address.startsWith(word)))).toEqual([]);
  });

  test("outputs that a stack has", () => {
    const found = written(/\boutput -raw (\w+)/g, /\boutputs? `(\w+)`/g);

    expect(found.length).toBeGreaterThan(3);
    expect(found.filter(({ word }) => !OUTPUTS.has(word))).toEqual([]);
  });

  test("commands that a clone runs by npm", () => {
    const { scripts } = JSON.parse(textOf("package.json"));
    const rows = markdownTable(textOf("README.md"), "| command").flatMap(({ command = "" }) =>
      [...command.matchAll(/`([\w-]+)`/g)].map(([, name = ""]) => name),
    );

    expect(rows).toEqual(expect.arrayContaining(["up", "plan", "apply", "logs"]));
    // It runs in GitHub's action alone.
    const missing = rows.filter((name) => name !== "pull-request" && scripts[name] !== `tsx cli/index.ts ${name}`);
    expect(missing).toEqual([]);
  });
});
