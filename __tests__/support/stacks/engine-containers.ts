import { runOk } from "../run";

/** A container as the engine has it. */
export interface Running {
  readonly id: string;
  readonly started: string;
  readonly isJob: boolean;
  readonly ports: readonly string[];
  readonly isInside: boolean;

  /** Powers over the host: its files, its processes, rights on its kernel. */
  readonly powers: readonly string[];
}

/** The containers of a stack by their short names: without the id of the stack. */
export async function containersOf(id: string): Promise<Map<string, Running>> {
  const names = (await runOk("docker", ["ps", "--all", "--format", "{{.Names}}"]))
    .split("\n")
    .filter((name) => name.startsWith(`${id}-`));
  if (names.length === 0) return new Map();
  const found = JSON.parse(await runOk("docker", ["inspect", ...names])) as Inspected[];
  return new Map(found.map((one) => [one.Name.slice(id.length + 2), running(one, id)]));
}

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly StartedAt: string };
  readonly HostConfig: {
    readonly PidMode: string;
    readonly Binds: string[] | null;
    readonly CapAdd: string[] | null;
    readonly RestartPolicy: { readonly Name: string };
    readonly PortBindings: { [port: string]: { HostIp: string; HostPort: string }[] } | null;
  };
  readonly NetworkSettings: { readonly Networks: { readonly [name: string]: unknown } };
}

function running({ Id, State, HostConfig, NetworkSettings }: Inspected, id: string): Running {
  const { PidMode, Binds, CapAdd, PortBindings } = HostConfig;
  return {
    id: Id,
    started: State.StartedAt,
    isJob: HostConfig.RestartPolicy.Name === "no",
    isInside: `${id}-network-internal` in NetworkSettings.Networks,
    ports: Object.values(PortBindings ?? {})
      .flat()
      .map(({ HostIp, HostPort }) => `${HostIp || "0.0.0.0"}:${HostPort}`),
    powers: [
      ...(PidMode === "host" ? ["processes"] : []),
      ...(Binds ?? []).filter((bind) => bind.startsWith("/")),
      ...(CapAdd ?? []),
    ],
  };
}
