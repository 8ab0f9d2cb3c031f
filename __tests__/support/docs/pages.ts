import { readFileSync, readdirSync } from "node:fs";
import { packagePath } from "../../../lib/values/package-folder";

const GENERATED = "cdktf-mlflow.api.md";

/** The pages for users and contributors, by their path in the repository. */
export const GUIDES = [
  ...["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "examples/README.md"],
  ...readdirSync(packagePath("docs"))
    .filter((name) => name.endsWith(".md") && name !== GENERATED)
    .map((name) => `docs/${name}`),
];

/** Every page of the repository that a person writes. */
export const PAGES = [...GUIDES, "caddy/README.md", "offline/README.md", "bench/README.md"];

/** The text of a page. */
export function textOf(page: string): string {
  return readFileSync(packagePath(page), "utf8");
}

/** The blocks of code of a page in a language, with the indentation of their list removed. */
export function blocksOf(page: string, language: string): string[] {
  const fences = new RegExp(`^( *)\`\`\`${language}\n([^]*?)^ *\`\`\`$`, "gm");
  return [...textOf(page).matchAll(fences)].map(([, indent = "", code = ""]) =>
    code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );
}

/** A page without its blocks of code. */
export function proseOf(page: string): string {
  return textOf(page).replaceAll(/^( *)```[^]*?^ *```$/gm, "");
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
