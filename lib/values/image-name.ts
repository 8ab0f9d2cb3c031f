// [registry/]repository[:tag][@digest], see https://pkg.go.dev/github.com/distribution/reference.
const GRAMMAR =
  /^(?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/** The name of an image, in the parts that Docker reads in it. */
export class ImageName {
  /** Whether Docker takes a text as the name of an image. */
  public static isValid(text: string): boolean {
    return GRAMMAR.test(text);
  }

  /** The registry, where the name has one: `ghcr.io`, `localhost:5000`. */
  public readonly registry: string | undefined;

  /** Registry and path, without tag and digest. */
  public readonly repository: string;

  /** The tag, where the name has one. */
  public readonly tag: string | undefined;

  readonly #afterRegistry: string;
  readonly #hasDigest: boolean;

  /** @param text the name, also one that is not valid: each part is found as far as it is there. */
  constructor(text: string) {
    const [withTag = ""] = text.split("@");
    const [first = "", ...rest] = text.split("/");
    this.#hasDigest = text.includes("@");
    // Docker tells a registry from a first folder by its dot or port; `localhost` needs neither.
    this.registry = rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : undefined;
    this.#afterRegistry = this.registry === undefined ? text : rest.join("/");
    this.tag = /:([^:/]+)$/.exec(withTag)?.[1];
    this.repository = withTag.replace(/:[^:/]*$/, "");
  }

  /** Whether the name means the same image tomorrow, as far as it can tell: by a digest, or a tag other than `latest`. */
  public get isPinned(): boolean {
    return this.#hasDigest || (this.tag !== undefined && this.tag !== "latest");
  }

  /** The same image at another registry, which may have a path. */
  public at(registry: string): string {
    return `${registry.replace(/\/+$/, "")}/${this.#afterRegistry}`;
  }
}
