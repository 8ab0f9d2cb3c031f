import { ImageName } from "../../../lib/values/image-name";
import type { PlannedContainer } from "./container-change";
import type { Change } from "../model/model";
import { text, words } from "../model/text";

// A day, or a number with the name of what comes before a release: `2026-09-16`, `1.2`, `3.18.0rc1`, `2.11.0-beta.1`.
const VERSION =
  /\d{4}-\d{2}-\d{2}|\d+(?:\.\d+)*(?:(?:(?:a|b|c)\d+|[.-]?(?:rc|alpha|beta|pre|preview|dev)[.-]?\d+)(?![0-9a-z]))?/i;

type ImageKind = NonNullable<NonNullable<PlannedContainer["image"]>["kind"]>;

/** The images of a container, with how they differ. */
export function withKind(image: PlannedContainer["image"]): PlannedContainer["image"] {
  const { before, after } = image ?? {};
  return before === undefined || after === undefined ? image : { before, after, kind: imageChange(before, after) };
}

/** How an image differs from the one before. */
export function imageChange(before: string, after: string): ImageKind {
  if (before === after) return "same";
  const [old, now] = [new ImageName(before), new ImageName(after)];
  if (productOf(old) !== productOf(now)) return "product";
  if (old.repository !== now.repository) return "source";
  const [from, to] = [versionOf(before), versionOf(after)];
  if (from === undefined || to === undefined || from === to) return "rebuilt";
  return isOlder(from, to) ? "upgrade" : "downgrade";
}

function productOf({ repository }: ImageName): string {
  return repository.split("/").at(-1) ?? "";
}

/** The release in an image's name: `mlflow:v3.1.0-full` is of 3.1.0. */
export function versionOf(image: string | undefined): string | undefined {
  return VERSION.exec(new ImageName(image ?? "").tag ?? "")?.[0];
}

/** An image of another product, source or build than before: nobody knows what is in it. */
export function unreadImage({ image, before, after }: PlannedContainer): Change[] {
  if (!image || !before || !after) return [];
  const kind = image.before && image.after ? imageChange(image.before, image.after) : "product";
  const what = {
    same: undefined,
    upgrade: undefined,
    downgrade: undefined,
    rebuilt: "the image is of the same release, but another build",
    source: "the image comes from another source",
    product: "the image is another product",
  }[kind];
  if (what === undefined) return [];
  return [{ kind: "remark", text: text`${words(what)}: ${image.before ?? "unknown"} → ${image.after ?? "unknown"}` }];
}

/** The images of a container before and after, if they differ, and the releases in their names. */
export function releasesOf({ name, image }: PlannedContainer): {
  readonly name: string;
  readonly image?: { readonly before: string; readonly after: string };
  readonly from?: string;
  readonly to?: string;
} {
  const { before, after } = image ?? {};
  if (before === undefined || after === undefined) return { name };
  return { name, image: { before, after }, from: versionOf(before), to: versionOf(after) };
}

/** Whether a release is older than another one. What comes before a release, `3.18.0rc1`, is older than the release. */
export function isOlder(one: string, other: string): boolean {
  const [from, to] = [parts(one), parts(other)];
  const compare = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });
  if (from.release !== to.release) return compare(from.release, to.release) < 0;
  if (from.before === "" || to.before === "") return from.before !== "" && to.before === "";
  return compare(from.before, to.before) < 0;
}

function parts(version: string): { release: string; before: string } {
  const release = /^[\d.-]*\d/.exec(version)?.[0] ?? version;
  return { release, before: version.slice(release.length) };
}
