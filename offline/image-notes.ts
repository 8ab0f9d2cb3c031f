import { packageText } from "../lib/values/package-folder";
import { NAMESPACE } from "./docker-image";

const TITLE = "Images built here, in place of the official ones:";

/** Whether an image was built from package registries, to tell by its name. */
export function isBuiltHere(image: string): boolean {
  return image.startsWith(`${NAMESPACE}/`);
}

/** Lines that say which of these images were built here, and what they lack, as README.md has it; none if none was. */
export function notesOnImages(images: readonly string[]): string[] {
  const lacks = new Map(
    [...packageText("offline", "README.md").matchAll(/^\| `([\w-]+)` +\| (.+?) +\|$/gm)].map(([, name, text]) => [
      name,
      text,
    ]),
  );
  const built = [...new Set(images)].filter(isBuiltHere).sort();
  const notes = built.map((image) => {
    const note = lacks.get(image.slice(NAMESPACE.length + 1).replace(/:.*$/, ""));
    return `  ${image}${note === undefined ? "" : `\n    ${note}`}`;
  });
  const all = lacks.get("all");
  return notes.length === 0 ? [] : [TITLE, ...notes, ...(all === undefined ? [] : [`  ${all}`])];
}
