// [registry/]repository[:tag][@digest], see https://pkg.go.dev/github.com/distribution/reference.
const GRAMMAR =
  /^(?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

// A full version has three numbers; a commit has a digit and a letter, so that no word and no build number is one.
const PINNED = [
  /^(?:[a-z]+[.-])?v?\d+\.\d+\.\d+(?![.\d])/i,
  /(?:^|[.-])20\d\d-?[01]\d-?[0-3]\d(?![\d])/,
  /(?:^|[.-])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}$/,
];
// PostgreSQL's full versions have two.
const MINOR = /^\d+\.\d+(?![.\d])/;

/** How to pin an image, for messages. */
export const PIN_REMEDY = "a digest, or a tag with a full version such as '3.1.0', a date or a commit";

/** The name of an image, in the parts that Docker reads in it. */
export class ImageName {
  /** Whether Docker takes a text as the name of an image. */
  public static isValid(text: string): boolean {
    return GRAMMAR.test(text);
  }

  /** The registry, if the name has one: `ghcr.io`, `localhost:5000`. */
  public readonly registry: string | undefined;

  /** Registry and path, without tag and digest. */
  public readonly repository: string;

  /** The tag, if the name has one. */
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

  /**
   * Whether the name means the same image tomorrow, as far as it can tell: by a digest, or a tag with a full version, a
   * date or a commit. Other tags move, such as `latest`, `main`, `18` and `3.12`.
   */
  public get isPinned(): boolean {
    if (this.#hasDigest) return true;
    const { tag = "" } = this;
    return (
      PINNED.some((pattern) => pattern.test(tag)) || (/(?:^|\/)postgres$/.test(this.repository) && MINOR.test(tag))
    );
  }

  /** Whether the image was built on the engine under the name `localhost`, which no registry has. */
  public get isLocal(): boolean {
    return this.registry === "localhost";
  }

  /** The same image at another registry, which may have a path. A local image has no other place. */
  public at(registry: string): string {
    if (this.isLocal) return `localhost/${this.#afterRegistry}`;
    return `${registry.replace(/\/+$/, "")}/${this.#afterRegistry}`;
  }
}
