import { SECRETS_FOLDER } from "../contract/secret-files";
/**
 * A file inside a container, readable for every user there. A change of its content replaces the container.
 *
 * Docker and Compose mount secrets below `/run/secrets`, and so does every place of this library: a plan's reader and the
 * command `mlflow-stack review` know a secret file by its path.
 */
export class ServiceFile {
  /**
   * A file without secrets.
   *
   * @param path absolute path in the container, not below `/run/secrets`.
   * @param content the content, not empty, to the letter: Terraform's `${` has no meaning in it.
   */
  public static of(path: string, content: string): ServiceFile {
    return new ServiceFile(path, content, false);
  }

  /**
   * A file with a secret.
   *
   * @param name name of the file in `/run/secrets`, also with folders.
   * @param content a reference to the value (`SecretValue.unsafeUnwrap()`), or text with references in Terraform's
   * template syntax. Not empty.
   */
  public static ofSecret(name: string, content: string): ServiceFile {
    return new ServiceFile(`${SECRETS_FOLDER}${name}`, content, true);
  }

  private constructor(
    /** Absolute path in the container. */
    public readonly path: string,
    /** The content. Of a secret file: in Terraform's template syntax. */
    public readonly content: string,
    /** Whether the content is secret. */
    public readonly secret: boolean,
  ) {}
}
