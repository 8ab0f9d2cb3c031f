import type { Plan } from "../../terraform/json/plan-json";
import { Attributes } from "./attributes";
import type { Configuration } from "./configuration";
import { withoutIndex } from "./configuration";

/** A network of the engine. */
export interface EngineNetwork {
  readonly name: string;

  /** Whether it has no connection to outside. */
  readonly internal: boolean;

  /** Whether containers on it cannot reach each other. */
  readonly isolates?: boolean;

  /** Whether the plan has it, so that the review knows who is on it. */
  readonly isOfPlan?: boolean;
}

/** The images, networks and volumes of a plan, found as containers refer to them: by id, or by a reference in the code. */
export class Engine {
  readonly #before = new Map<string, Attributes>();
  readonly #after = new Map<string, Attributes>();
  readonly #byId = new Map<string, Attributes>();

  constructor(
    plan: Plan,
    private readonly configuration: Configuration,
  ) {
    for (const change of plan.resource_changes ?? []) {
      if (!/^docker_(image|network|volume)$/.test(change.type)) continue;
      const before = Attributes.before(change);
      const after = Attributes.after(change);
      const address = withoutIndex(change.address);
      if (after) this.#after.set(address, after);
      if (!before) continue;
      this.#before.set(address, before);
      for (const key of [before.text("id"), before.text("image_id"), before.text("name")]) {
        if (key) this.#byId.set(`${change.type} ${key}`, before);
      }
    }
  }

  /** Name of the image that a container was made from. */
  public imageBefore(container: Attributes): string | undefined {
    const image = container.text("image");
    return this.#byId.get(`docker_image ${image}`)?.text("name") ?? image;
  }

  /** Name of the image that a container will be made from. */
  public imageAfter(address: string, container: Attributes): string | undefined {
    const [resource] = this.targets(address, "image", "docker_image");
    return resource?.text("name") ?? this.imageBefore(container);
  }

  public networksBefore(container: Attributes): EngineNetwork[] {
    return this.attached(container);
  }

  public networksAfter(address: string, container: Attributes): EngineNetwork[] {
    const written = this.targets(address, "networks_advanced", "docker_network");
    if (written.length > 0) return written.map(describeNetwork);
    return this.attached(container);
  }

  /** Mounts by their path in the container: the name of a volume, or a path of the host. */
  public mountsBefore(container: Attributes): Map<string, string> {
    return mounts(container, () => undefined);
  }

  public mountsAfter(address: string, container: Attributes): Map<string, string> {
    const written = this.configuration.expression(address, "volumes");
    const blocks = Array.isArray(written) ? (written as { container_path?: { constant_value?: unknown } }[]) : [];
    return mounts(container, (path) => {
      const block = blocks.find(({ container_path: at }) => at?.constant_value === path);
      const [target] = this.configuration.referenced(address, block);
      return target === undefined ? undefined : (this.#after.get(target)?.text("name") ?? target);
    });
  }

  private attached(container: Attributes): EngineNetwork[] {
    const ids = container.blocks("networks_advanced").flatMap(({ name }) => (name ? [String(name)] : []));
    const mode = container.text("network_mode") || "bridge";
    if (ids.length === 0 && !container.isUnknown("networks_advanced")) {
      return mode === "none" ? [] : [{ name: mode, internal: false }];
    }
    return ids.map((id) => {
      const network = this.#byId.get(`docker_network ${id}`);
      return network ? describeNetwork(network) : { name: id, internal: false };
    });
  }

  private targets(address: string, attribute: string, type: string): Attributes[] {
    return this.configuration
      .referenced(address, this.configuration.expression(address, attribute))
      .filter((target) => target.includes(`${type}.`))
      .flatMap((target) => this.#after.get(target) ?? []);
  }
}

function describeNetwork(network: Attributes): EngineNetwork {
  const options = network.value("options") as { [name: string]: unknown } | null | undefined;
  return {
    name: network.text("name") ?? "?",
    internal: network.value("internal") === true,
    isolates: options?.["com.docker.network.bridge.enable_icc"] === "false",
    isOfPlan: true,
  };
}

function mounts(container: Attributes, resolve: (path: string) => string | undefined): Map<string, string> {
  const entries = container.blocks("volumes").map((volume): [string, string] => {
    const path = String(volume.container_path ?? "?");
    const source = volume.volume_name || volume.host_path || resolve(path);
    return [path, source ? String(source) : "?"];
  });
  const others = container
    .blocks("mounts")
    .map((mount): [string, string] => [String(mount.target ?? "?"), String(mount.source || mount.type || "?")]);
  return new Map([...entries, ...others]);
}
