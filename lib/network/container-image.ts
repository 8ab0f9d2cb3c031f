import { Image } from "@cdktf/provider-docker/lib/image";
import { AssetType, TerraformAsset } from "cdktf";
import type { Construct } from "constructs";
import { ImageName } from "../values/image-name";
import type { ServiceImage } from "./service-image";

/** The images of a network: one resource each, owned by the first container that uses it. */
export class ContainerImages {
  readonly #images = new Map<ServiceImage, Image>();

  /** @param registry registry that replaces the one in each image's name. */
  constructor(private readonly registry: string | undefined) {}

  /** The resource of an image. The first container that uses the image creates it. */
  public resolve(container: Construct, image: ServiceImage): Image {
    const known = this.#images.get(image);
    if (known) return known;

    const resource = new Image(container, "image", { ...this.render(container, image), keepLocally: true });
    this.#images.set(image, resource);
    return resource;
  }

  private render(container: Construct, image: ServiceImage) {
    const { registry } = this;
    if (!image._build) return { name: registry ? new ImageName(image.name).at(registry) : image.name };

    // The asset's folder is named after its content, so a changed file changes the build.
    const context = new TerraformAsset(container, "context", { path: image._build.folder, type: AssetType.DIRECTORY });
    const buildArgs = { ...image._build.buildArguments, ...(registry && { REGISTRY: registry }) };
    return {
      // The hash in the tag keeps two checkouts on one engine from overwriting each other's image.
      name: `${image.name}-${context.assetHash.slice(0, 12).toLowerCase()}`,
      buildAttribute: {
        context: context.path,
        dockerfile: "Dockerfile",
        builder: "default",
        buildArgs: Object.keys(buildArgs).length > 0 ? buildArgs : undefined,
      },
    };
  }
}
