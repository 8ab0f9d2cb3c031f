// host[:port]/path/name[:tag][@digest], see the grammar of distribution/reference.
const REFERENCE =
  /^(?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/** Whether a text is the name of an image, as Docker takes it. */
export function isImageReference(name: string): boolean {
  return REFERENCE.test(name);
}

/** Whether an image reference means the same image tomorrow, as far as its name can tell. */
export function isPinned(name: string): boolean {
  const tag = /:([^:/@]+)(?:@|$)/.exec(name)?.[1];
  return name.includes("@") || (tag !== undefined && tag !== "latest");
}
