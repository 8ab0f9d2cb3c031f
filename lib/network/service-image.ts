import { ValidationError } from "../values/errors";
import { ImageName } from "../values/image-name";

/** Options of `ServiceImage.build()`. */
export interface ImageBuildOptions {
  /** Folder with a `Dockerfile`, which is the build context. A change of any file in it rebuilds the image. */
  readonly folder: string;

  /** Name and tag of the result, on the engine. What the folder holds is added to the tag, as a hash. */
  readonly name: string;

  /**
   * Build arguments, such as `HTTPS_PROXY`. Not for secrets: they stand in the synthesized JSON.
   *
   * @default - none
   */
  readonly buildArguments?: { [name: string]: string };
}

/** Where the image of a service comes from. The network that the service runs on resolves it. */
export abstract class ServiceImage {
  /**
   * An image that the engine has, or pulls when it has not.
   *
   * @param name image reference with a tag other than `latest`, or a digest.
   * @throws ValidationError when the reference is malformed or not pinned.
   */
  public static registry(name: string): ServiceImage {
    return new RegistryImage(name);
  }

  /**
   * An image that the engine builds from a folder with a Dockerfile.
   *
   * @jsii ignore
   */
  public static build(options: ImageBuildOptions): ServiceImage {
    return new BuiltImage(options);
  }

  /** Name of the image, as the caller gave it. */
  public abstract readonly name: string;

  /**
   * What to build it from, where it is built.
   *
   * @internal
   */
  public abstract readonly _build: ImageBuildOptions | undefined;
}

class RegistryImage extends ServiceImage {
  public readonly _build = undefined;

  constructor(public readonly name: string) {
    super();
    if (!ImageName.isValid(name)) {
      throw new ValidationError(
        "ImageName",
        `an image must be a name such as 'registry.example.com/team/mlflow:v3.1.0', got: '${name}'`,
      );
    }
    if (!new ImageName(name).isPinned) {
      throw new ValidationError(
        "ImagePin",
        `an image must have a tag other than 'latest', or a digest, got: '${name}'`,
      );
    }
  }
}

class BuiltImage extends ServiceImage {
  public readonly name: string;

  constructor(public readonly _build: ImageBuildOptions) {
    super();
    this.name = _build.name;
  }
}
