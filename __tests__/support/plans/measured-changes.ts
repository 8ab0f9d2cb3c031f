import { AiProvider, AuthMethod, Role, Tls, Transfers } from "../../../lib";
import type {
  AuthGatewayOptions,
  EgressOptions,
  MlflowFeatureOptions,
  MlflowStackProps,
  UserOptions,
} from "../../../lib";
import type { Synthesized, SynthesizedResource } from "../stacks/synth";

/** A change of a deployed stack, under the name of the plan in the corpus that such a change has made. */
export interface MeasuredChange {
  readonly plan: string;

  /** Variables of the environment that differ; those of Terraform begin with `TF_VAR_`. */
  readonly variables?: { readonly [name: string]: string };
  readonly props?: (base: MlflowStackProps) => MlflowStackProps;

  /** An edit of the synthesized stack, of what no option does. */
  readonly edit?: (stack: Synthesized) => void;

  /** Further arguments of `terraform plan`. */
  readonly args?: (stack: Synthesized) => string[];

  /** Where users reach MLflow then, if that is another address, and by which host name. */
  readonly origin?: string;
  readonly host?: string;
}

const HOST = "mlflow.example.com";
const PORTS = { base: 18360, moved: 18361, https: 18362, proxy: 18363, console: 18365 };
const HOOKS = "hooks.example.com";
const WAITS = ["sh", "-c", "trap 'exit 0' TERM; sleep 100000 & wait"];

/** The address of the stack before each change. */
export const BASE_URL = `http://localhost:${PORTS.base}`;

/**
 * Changes of the corpus that an engine can make without anything from outside.
 *
 * `hostile-store-port` is none of them. Docker publishes no port of a container whose networks are all internal: nothing
 * opens before somebody attaches it to another one, and the provider does not see the port in its state.
 */
export const MEASURED_CHANGES: readonly MeasuredChange[] = [
  { plan: "nothing" },
  { plan: "reader-added", props: users({ name: "admin", role: Role.ADMIN }, { name: "rea", role: Role.READ }) },
  {
    plan: "port-moved",
    variables: { MLFLOW_URL: `http://localhost:${PORTS.moved}` },
    origin: `http://localhost:${PORTS.moved}`,
  },
  {
    plan: "store-console",
    variables: { MINIO_CONSOLE: "true" },
    props: gateway({ console: { port: PORTS.console } }),
  },
  { plan: "transfers-proxied", props: gateway({ transfers: Transfers.proxied() }) },
  { plan: "ai-gateway", props: features({ aiGateway: { providers: [AiProvider.openai()] } }) },
  { plan: "webhooks", props: features({ webhooks: { hosts: [HOOKS] } }) },
  {
    plan: "webhooks-private",
    props: features({ webhooks: { hosts: [HOOKS] } }, { privateHosts: { [HOOKS]: "10.0.0.0/8" } }),
  },
  { plan: "job-execution", props: features({ jobExecution: true }) },
  {
    plan: "workspaces",
    props: (base) =>
      users({ name: "admin", role: Role.ADMIN, workspace: "default" })(features({ workspaces: true })(base)),
  },
  { plan: "telemetry", props: features({ telemetry: true }, { hosts: ["mlflow-telemetry.io"] }) },
  { plan: "metrics", props: features({ metrics: true }) },
  { plan: "fewer-workers", props: (base) => ({ ...base, server: { ...base.server, workers: 1 } }) },
  {
    plan: "https-own-authority",
    variables: { MLFLOW_URL: `https://${HOST}:${PORTS.https}`, MLFLOW_TLS: "internal" },
    origin: `https://localhost:${PORTS.https}`,
    host: `${HOST}:${PORTS.https}`,
  },
  {
    plan: "behind-a-proxy",
    variables: { MLFLOW_URL: `https://${HOST}` },
    props: gateway({ tls: Tls.terminatedBefore({ trustedProxies: ["10.0.0.7"], port: PORTS.proxy }) }),
    origin: `http://localhost:${PORTS.proxy}`,
    host: HOST,
  },
  { plan: "password-given", variables: { AUTH_PASSWORD: "x".repeat(20), TF_VAR_auth_password: "x".repeat(20) } },
  {
    plan: "password-renewed",
    args: (stack) => [`-replace=${addressOf(stack, "random_password", "gateway_password")}`],
  },
  {
    plan: "caddyfile-line",
    edit: container("gateway", ({ upload }) => {
      const caddyfile = upload.find(({ file }: { file: string }) => file === "/etc/caddy/Caddyfile");
      caddyfile.content = caddyfile.content.replace("interval 250ms", "interval 500ms");
    }),
  },
  {
    plan: "volume-renamed",
    edit: container("postgres", ({ volumes }) => Object.assign(volumes[0], { volume_name: "e2e-truth-other" })),
  },
  {
    plan: "gateway-only",
    edit: container("gateway", (gateway) => Object.assign(gateway, { shm_size: 80 })),
    args: () => ["-target=docker_container.gateway"],
  },
  {
    plan: "postgres-less-memory",
    edit: container("postgres", (postgres) =>
      Object.assign(postgres, { memory: postgres.memory - 64, memory_swap: postgres.memory - 64 }),
    ),
  },
  {
    plan: "hostile-root-mount",
    edit: agent({ volumes: [mount("/")], capabilities: { add: ["SYS_ADMIN"], drop: [] } }, true),
  },
  { plan: "hostile-socket", edit: agent({ volumes: [mount("/var/run/docker.sock")] }, false) },
  {
    plan: "hostile-host-processes",
    edit: container("server", (server) => Object.assign(server, { pid_mode: "host" })),
  },
  {
    plan: "hostile-key-policy",
    edit: (stack) => {
      const [name = ""] = Object.keys(stack.resource.docker_container ?? {}).filter((one) => /^minio_bucket/.test(one));
      const policy = stack.resource.docker_container?.[name]?.upload.find(({ file }: { file: string }) =>
        file.endsWith("policy.json"),
      );
      const statement = { Effect: "Allow", Action: ["s3:*"], Resource: ["arn:aws:s3:::*"] };
      policy.content = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    },
  },
  {
    plan: "hostile-fsync-off",
    edit: container("postgres", (postgres) =>
      Object.assign(postgres, { command: [...postgres.command, "-c", "fsync=off"] }),
    ),
  },
  {
    plan: "hostile-health-check",
    edit: container("server", ({ healthcheck }) => {
      const check = Array.isArray(healthcheck) ? healthcheck[0] : healthcheck;
      Object.assign(check, { test: ["CMD", "true"] });
    }),
  },
  {
    plan: "hostile-job-on-network",
    edit: (stack) => add(stack, "job", { command: ["true"], attach: true, must_run: false }, true),
  },
  {
    plan: "hostile-bind-everywhere",
    edit: container("gateway", ({ ports }) => Object.assign(ports[0], { ip: "0.0.0.0" })),
  },
  // The last one: nothing is left to change.
  { plan: "everything-goes", args: () => ["-destroy"] },
];

function users(...list: UserOptions[]): (base: MlflowStackProps) => MlflowStackProps {
  return (base) => ({ ...base, auth: AuthMethod.basic({ users: list }) });
}

function gateway(options: Partial<AuthGatewayOptions>): (base: MlflowStackProps) => MlflowStackProps {
  return (base) => ({ ...base, gateway: { ...base.gateway, ...options } });
}

function features(options: MlflowFeatureOptions, egress: EgressOptions = {}) {
  return (base: MlflowStackProps): MlflowStackProps => ({
    ...base,
    server: { ...base.server, features: options, egress },
  });
}

function container(name: string, edit: (container: SynthesizedResource) => unknown): (stack: Synthesized) => void {
  return (stack) => void edit(stack.resource.docker_container?.[name] ?? {});
}

/** A service that an app has besides, and that only waits. */
function agent(attributes: SynthesizedResource, isInside: boolean): (stack: Synthesized) => void {
  return (stack) => add(stack, "agent", { command: WAITS, must_run: true, restart: "always", ...attributes }, isInside);
}

function add(stack: Synthesized, name: string, attributes: SynthesizedResource, isInside: boolean): void {
  const containers = stack.resource.docker_container ?? {};
  const inside = containers.postgres?.networks_advanced[0].name;
  const network = isInside ? { networks_advanced: [{ name: inside }] } : {};
  const { image } = containers.gateway ?? {};
  const made = { name: `${containers.gateway?.name.replace(/gateway$/, name)}`, image, user: "root", entrypoint: [] };
  Object.assign(containers, { [name]: { ...made, ...attributes, ...network } });
}

function mount(path: string) {
  return { host_path: path, container_path: path === "/" ? "/host" : path };
}

function addressOf(stack: Synthesized, type: string, begin: string): string {
  const name = Object.keys(stack.resource[type] ?? {}).find((candidate) => candidate.startsWith(begin));
  if (name === undefined) throw new Error(`no ${type} that begins with ${begin}`);
  return `${type}.${name}`;
}
