import { ValidationError } from "../values/errors";
import { ImageName, PIN_REMEDY } from "../values/image-name";

/** Options of `ServiceImage.build()`. */
export interface ImageBuildOptions {
  /** Folder with a `Dockerfile`, which is the build context. A change of any file in it rebuilds the image. */
  readonly folder: string;

  /** Name and tag of the result, on the engine. A hash of the folder's content is added to the tag. */
  readonly name: string;

  /**
   * Build arguments. Not for secrets: the synthesized JSON contains them.
   *
   * @default - `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, from the environment of `mlflow-stack`
   */
  readonly buildArguments?: { [name: string]: string };
}

/** The image of a service, from a registry or built on the engine. The service's network creates its resource. */
export abstract class ServiceImage {
  /**
   * An image that the engine pulls, unless it has it.
   *
   * @param name image reference with a digest, or a tag with a full version, a date or a commit.
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

  /** Name of the image, as given. */
  public abstract readonly name: string;

  /**
   * How to build it, for `ServiceImage.build()`.
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
        `an image must have ${PIN_REMEDY}, because other tags become other images, got: '${name}'`,
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
