import type { PlannedContainer } from "../plan/container-change";
import { filesOf } from "../plan/container";
import { isOwnText } from "../plan/library-files";
import type { Drift } from "../model/model";
import { names, text, words } from "../model/text";
import type { Text } from "../model/text";

/** What an apply does besides what the author of a change has written: other image sources, drift, another library. */
export function alongsideOf(containers: readonly PlannedContainer[], drift: readonly Drift[]): Text[] {
  const changing = containers.filter(({ action, before, after }) => action !== "nothing" && before && after);
  const images = new Map<string, { sentence: Text; users: string[] }>();
  for (const { name, image } of changing) {
    if (!image?.before || !image.after || (image.kind !== "source" && image.kind !== "rebuilt")) continue;
    const what = image.kind === "source" ? "comes from another source" : "is another build of the same release";
    const sentence = text`${words(`the image ${what}`)}, ${image.before} → ${image.after}, for `;
    const key = `${image.before} ${image.after}`;
    const known = images.get(key);
    if (known) known.users.push(name);
    else images.set(key, { sentence, users: [name] });
  }
  const upgraded = changing.filter(hasOtherLibrary).map(({ name }) => name);
  return [
    ...[...images.values()].map(({ sentence, users }) => [...sentence, ...names(users)]),
    ...(upgraded.length > 0
      ? [
          text`${"cdktf-mlflow"} itself: the app has another release of it than at the last apply, with other files of its own in ${names(upgraded)}`,
        ]
      : []),
    ...(drift.some(({ isPutRight }) => isPutRight)
      ? [words("what somebody has changed by hand since the last apply, see “Changed by hand”")]
      : []),
  ];
}

// A file that becomes that of this release was that of another one.
function hasOtherLibrary({ ours, before, after }: PlannedContainer): boolean {
  if (!ours || !before || !after) return false;
  const old = filesOf(before);
  return [...filesOf(after).values()].some(({ path, content }) => {
    const former = old.get(path)?.content;
    return former !== undefined && content !== undefined && former !== content && isOwnText(content);
  });
}
