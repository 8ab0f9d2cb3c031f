import { ContainerRole } from "../../../lib/contract/container-roles";
import { ImageName } from "../../../lib/values/image-name";
import type { PlannedContainer } from "../plan/container-change";
import type { Change, DataFinding } from "../model/model";
import { text, words } from "../model/text";

// A number, or a day: `1.2`, `2026-09-16`.
const VERSION = /\d{4}-\d{2}-\d{2}|\d+(?:\.\d+)*/;

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
  return from.localeCompare(to, "en", { numeric: true }) < 0 ? "upgrade" : "downgrade";
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

/** What other releases of a store's program mean for the data. */
export function imageFindings({ role, name, image }: PlannedContainer): DataFinding[] {
  const [from, to] = [versionOf(image?.before), versionOf(image?.after)];
  if (!image?.before || !image.after || role !== ContainerRole.DATABASE) return [];
  const [major, next] = [from, to].map((version) => version?.split(".")[0]);
  if (major === next && major !== undefined) return [];
  return [
    {
      effect: "warning",
      text: text`${name} becomes PostgreSQL ${to ?? image.after} instead of ${from ?? image.before}: another major version does not open the files that are there, and MLflow stays down until the old version is back, or the data is restored from a backup`,
    },
  ];
}
