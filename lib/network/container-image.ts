import { Image } from "@cdktf/provider-docker/lib/image";
import { AssetType, TerraformAsset } from "cdktf";
import type { Construct } from "constructs";
import { ImageName } from "../values/image-name";
import type { ServiceImage } from "./service-image";

/** The images of a network: one resource each, owned by the first container that uses it. */
export class ContainerImages {
  readonly #images = new Map<ServiceImage, Image>();

  /** @param registry what takes the place of the registry in each image's name. */
  constructor(private readonly registry: string | undefined) {}

  /** The resource of an image; made in `container` where nothing used it before. */
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

    // the asset lies in a folder named after its content, so that a change of it is a change of the build.
    const context = new TerraformAsset(container, "context", { path: image._build.folder, type: AssetType.DIRECTORY });
    const buildArgs = { ...image._build.buildArguments, ...(registry && { REGISTRY: registry }) };
    return {
      // another checkout that builds another content makes an image of its own, instead of moving the tag of this one.
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
