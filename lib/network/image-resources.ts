import { createHash } from "node:crypto";
import { Image } from "@cdktf/provider-docker/lib/image";
import { AssetType, TerraformAsset } from "cdktf";
import type { Construct } from "constructs";
import { contextHash } from "./build-context";
import { isProxy, proxyArguments } from "./build-proxies";
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

    const resource = new Image(container, "image", {
      ...this.render(container, image),
      keepLocally: true,
      // The tag changes with the content of the image. A proxy in one shell changes only how it is built.
      lifecycle: image._build && { ignoreChanges: ["build"] },
    });
    this.#images.set(image, resource);
    return resource;
  }

  private render(container: Construct, image: ServiceImage) {
    const { registry } = this;
    if (!image._build) return { name: registry ? new ImageName(image.name).at(registry) : image.name };

    const { folder, buildArguments } = image._build;
    const context = new TerraformAsset(container, "context", {
      path: folder,
      type: AssetType.DIRECTORY,
      assetHash: contextHash(folder),
    });
    const buildArgs = { ...buildArguments, ...(registry && { REGISTRY: registry }) };
    return {
      // The hash in the tag keeps two checkouts on one engine from overwriting each other's image.
      name: `${image.name}-${tagOf(context.assetHash, buildArgs)}`,
      buildAttribute: {
        context: context.path,
        dockerfile: "Dockerfile",
        builder: "default",
        buildArgs: { ...proxyArguments(container), ...buildArgs },
      },
    };
  }
}

function tagOf(hash: string, buildArgs: { [name: string]: string }): string {
  const content = Object.entries(buildArgs).filter(([name]) => !isProxy(name));
  const all = content.length === 0 ? hash : `${hash}${JSON.stringify(content.sort())}`;
  return createHash("sha256").update(all).digest("hex").slice(0, 12);
}
