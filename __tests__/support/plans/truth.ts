/** What a plan of the corpus means, as somebody who knows the stack wrote it down before reading any comment on it. */
export interface Truth {
  /** Services that are down for a while, and new and removed ones, by their short names. */
  readonly down?: string;
  readonly made?: string;
  readonly gone?: string;

  /** Containers that stay on the engine, and leave the stack. */
  readonly left?: string;

  /** Whether data is deleted. */
  readonly lost?: true;

  /** What becomes of experiments, runs, metrics and registered models, and of files and models. */
  readonly records?: "kept" | "changed" | "unreachable";
  readonly files?: "kept" | "changed" | "unreachable";

  /** Whether a person must agree to an access on its own. */
  readonly danger?: true;

  /** Everything that opens, and everything that closes, each by a part of a sentence on it. Nothing else does. */
  readonly opens?: readonly string[];
  readonly closes?: readonly string[];

  /** Whether a person who knows it must read a change that no program judges. */
  readonly unread?: true;

  /** Everything that people must do or will see. */
  readonly people?: readonly RegExp[];

  /** What users meet meanwhile. */
  readonly meets?: RegExp;

  /** How long, in seconds, it was measured on an engine; or that nobody knows a limit, or that MLflow stays down. */
  readonly time?: number | "no limit" | "down";

  /** What a person in a hurry must not miss, in the order in which the first line has it. */
  readonly first?: readonly RegExp[];

  /** Whose data is kept by the apply, and not safe any more. */
  readonly risk?: readonly ("records" | "files")[];
}

const KEPT = { records: "kept", files: "kept" } as const;
const BOTH = ["records", "files"] as const;
/** A login that is refused from then on. */
export const PASSWORD = /must use a new password/;
const ADDRESS = /new address/;
const CERTIFICATE = /trust the certificate of the stack's own authority/;
const BACKUP = /make a backup/;
const MOVE = /does not move the data/;

const REFUSED = /^connections are refused for/i;
const REFUSED_AND_WAIT = /^connections are refused, and requests wait or fail, for/i;
const WAIT = /^requests wait or fail for/i;
const NO_DATABASE = /^MLflow answers with errors for/;
const NO_FILES = /^files cannot be opened or stored for/i;

const OLD_PORT = "port 127.0.0.1:18390";
const TLS = "plain HTTP";
const DIRECT = "direct transfers at /s3";
const EVERYWHERE = ["port 0.0.0.0:443", "port 0.0.0.0:80"];
const TO_STORES = ["connections from e2e-rev-server to any", "connections from e2e-rev-server-migration to any"];
const LOGIN_SERVICE = "connections from e2e-rev-gateway-oauth2-proxy to any outside address";
// The release that made the plans has no list of hosts for this feature in MLflow.
const PRIVATE = "private addresses, such as other computers of the company, to users by webhooks";

const NEWER: Truth = {
  meets: WAIT,
  time: "no limit",
  people: [BACKUP],
  down: "server",
  records: "changed",
  files: "kept",
};

/** By the name of the plan. */
export const TRUTHS: { readonly [plan: string]: Truth } = {
  nothing: {},
  // Another release of the library: the server checks its stores with other files.
  "library-upgrade": { meets: WAIT, time: "no limit", ...KEPT, down: "server" },
  "mlflow-newer": NEWER,
  "mlflow-newer-other-source": { ...NEWER, unread: true },
  "mlflow-older": {
    time: "down",
    down: "server",
    records: "unreachable",
    files: "kept",
    first: [/^MLflow stays down/],
  },
  "reader-added": {
    opens: ["a login for rea as read"],
    people: [/rea can log in/, PASSWORD],
    meets: REFUSED,
    ...KEPT,
    down: "gateway",
  },
  "port-moved": {
    opens: ["port 127.0.0.1:8099"],
    closes: [OLD_PORT],
    people: [ADDRESS],
    meets: REFUSED_AND_WAIT,
    ...KEPT,
    down: "gateway server",

    first: [/^Everybody needs the new address http:\/\/localhost:8099\./, /from the host itself only/],
  },
  "store-console": {
    opens: ["port 127.0.0.1:9001", "all files of all users, at http://localhost:9001"],
    meets: REFUSED,
    ...KEPT,
    down: "gateway minio",
  },
  // MLflow refuses a database without the mark of this stack.
  "database-elsewhere": {
    opens: TO_STORES,
    people: [MOVE],
    time: "down",
    first: [/^MLflow stays down, unless/, /db\.example\.com/],
    down: "server",
    gone: "postgres",
    records: "unreachable",
    files: "kept",
  },
  "bucket-elsewhere": {
    opens: TO_STORES,
    closes: [DIRECT],
    people: [MOVE],
    time: "down",
    first: [/^MLflow stays down, unless/, /s3\.example\.com/, /any outside address/],
    down: "server gateway",
    gone: "minio",
    records: "kept",
    files: "unreachable",
  },
  "transfers-proxied": { closes: [DIRECT], meets: REFUSED, ...KEPT, down: "gateway" },
  "sso-any-account": {
    opens: [...EVERYWHERE, "logins by single sign-on", "the role admin for the group ml", LOGIN_SERVICE],
    closes: [OLD_PORT, TLS, "the login of admin"],
    meets: REFUSED_AND_WAIT,
    people: [
      ADDRESS,
      CERTIFICATE,
      /another way/,
      /may read everything, and change nothing/,
      /Only admins \(the group ml\) may log runs: .* the training jobs of everybody else fail/,
      /Programs log in with a token .* an e-mail address \(of any domain\)/,
      /admin can no longer/,
    ],
    ...KEPT,
    down: "gateway server",
    made: "gateway-oauth2-proxy",

    danger: true,

    first: [/^Everybody needs the new address .* certificate and another login/, /any account of/],
  },
  // The one group that may log in is the group of the admins.
  "sso-one-group": {
    opens: [...EVERYWHERE, "logins by single sign-on", LOGIN_SERVICE],
    closes: [OLD_PORT, TLS, "the login of admin"],
    meets: REFUSED_AND_WAIT,
    people: [
      ADDRESS,
      CERTIFICATE,
      /another way/,
      /Whoever may log in is an admin/,
      /Programs log in with a token/,
      /admin can no longer/,
    ],
    ...KEPT,
    down: "gateway server",
    made: "gateway-oauth2-proxy",

    first: [
      /^Everybody needs the new address .* certificate and another login/,
      /no service account is named/,
      /the group ml, all as admins/,
      /0\.0\.0\.0:443, from everywhere/,
    ],
  },
  // The volume has the major version in its name only if the app says so: the files of 18 stay where they are.
  "postgres-older": { time: "down", down: "postgres", records: "unreachable", files: "kept" },
  "ai-gateway": {
    opens: [
      "to api.openai.com:443",
      "the feature aiGateway",
      "the providers openai",
      "to admins by the addresses of AI models",
    ],
    meets: REFUSED_AND_WAIT,
    ...KEPT,
    down: "gateway server",
    made: "server-egress server-egress-entry",
  },
  webhooks: {
    opens: ["to hooks.example.com:443", "the feature webhooks", PRIVATE],
    meets: REFUSED_AND_WAIT,
    ...KEPT,
    down: "gateway server",
    made: "server-egress server-egress-entry",
  },
  "webhooks-private": {
    opens: ["to hooks.example.com:443", "to private addresses in 10.0.0.0/8", "the feature webhooks", PRIVATE],
    meets: REFUSED_AND_WAIT,
    ...KEPT,
    down: "gateway server",
    made: "server-egress server-egress-entry",

    danger: true,
  },
  "job-execution": { opens: ["the feature jobExecution"], meets: REFUSED_AND_WAIT, ...KEPT, down: "gateway server" },
  workspaces: {
    opens: ["the feature workspaces"],
    meets: REFUSED_AND_WAIT,
    ...KEPT,
    down: "gateway server",

    people: [PASSWORD],
    first: [/admin must use a new password/, /workspaces cannot be switched off again/],
  },
  telemetry: {
    opens: ["to mlflow-telemetry.io:443", "the feature telemetry"],
    meets: REFUSED_AND_WAIT,
    ...KEPT,
    down: "gateway server",
    made: "server-egress server-egress-entry",
  },
  metrics: {
    opens: [
      "the feature metrics",
      "requests to MLflow, by the gateway or from its own networks, under the host names e2e-rev-server",
    ],
    meets: REFUSED_AND_WAIT,
    ...KEPT,
    down: "gateway server",
  },
  "fewer-workers": { meets: WAIT, ...KEPT, down: "server" },
  "https-own-authority": {
    opens: EVERYWHERE,
    closes: [OLD_PORT, TLS],
    people: [ADDRESS, CERTIFICATE],
    meets: REFUSED_AND_WAIT,
    ...KEPT,
    down: "gateway server",
  },
  "behind-a-proxy": {
    opens: ["port 127.0.0.1:8080", "trust in 10.0.0.7"],
    closes: [OLD_PORT, TLS],
    people: [ADDRESS],
    meets: REFUSED_AND_WAIT,
    ...KEPT,
    down: "gateway server",
  },
  "password-given": { meets: REFUSED, ...KEPT, down: "gateway", people: [PASSWORD] },
  "password-renewed": {
    meets: REFUSED,
    ...KEPT,
    down: "gateway",
    people: [PASSWORD],
    first: [/^admin must use a new password/],
  },
  "caddyfile-line": {
    meets: REFUSED,
    ...KEPT,
    down: "gateway",
    unread: true,
    first: [/\/etc\/caddy\/Caddyfile of e2e-rev-gateway/],
  },
  // MLflow refuses the empty database: its server stops within half a minute, and no job migrates it.
  "volume-renamed": {
    people: [MOVE],
    time: "down",
    down: "postgres",
    records: "unreachable",
    files: "kept",
    first: [/^MLflow stays down, unless/, /e2e-rev-other/],
  },
  "everything-goes": {
    closes: [OLD_PORT],
    gone: "gateway minio postgres server",
    records: "unreachable",
    files: "unreachable",

    people: [/new passwords/],
    first: [/^MLflow is removed: nobody can use it/, /[Ss]ecrets of webhooks and keys of AI models/],
  },
  // A plan of a part (-target) does not show where the data is.
  "gateway-only": { meets: REFUSED, down: "gateway", unread: true },
  "postgres-less-memory": { ...KEPT },

  // Written to deceive: each is small, and dangerous.
  "hostile-root-mount": {
    opens: ["SYS_ADMIN", "all files of the host (/)", "joins the network e2e-rev-network-internal"],
    ...KEPT,
    made: "agent",

    danger: true,
    unread: true,
    first: [/agent gets power over the whole host/],
    risk: BOTH,
  },
  "hostile-socket": {
    opens: ["/var/run/docker.sock", "connections from e2e-rev-agent to any outside address"],
    ...KEPT,
    made: "agent",

    danger: true,
    unread: true,
    first: [/agent gets power over the whole host/, /any outside address/],
    risk: BOTH,
  },
  "hostile-store-port": { opens: ["port 0.0.0.0:9123"], meets: NO_FILES, ...KEPT, down: "minio", danger: true },
  "hostile-host-processes": {
    opens: ["all processes of the host"],
    meets: WAIT,
    ...KEPT,
    down: "server",

    danger: true,
    first: [/all processes of the host/],
  },
  "hostile-key-policy": {
    opens: ["everything in every bucket", "delete old versions for good"],
    ...KEPT,

    danger: true,
    first: [/everything in every bucket/],
    risk: ["files"],
  },
  // What the program judges, nobody else has to read.
  "hostile-fsync-off": {
    meets: NO_DATABASE,
    ...KEPT,
    down: "postgres",
    first: [/can destroy the whole database/],
    risk: ["records"],
  },
  // The provider changes the health check of no container that runs: it is that of the next one.
  "hostile-health-check": { ...KEPT, first: [/^From its next replacement on, nothing notices that .*server hangs/] },
  "hostile-job-on-network": {
    opens: ["joins the network e2e-rev-network-internal"],
    ...KEPT,

    danger: true,
    unread: true,
    first: [/joins the network/, /the new container e2e-rev-job/],
    risk: BOTH,
  },
  // Who reached the port from the host still does: nothing closes. Passwords would travel in clear.
  "hostile-bind-everywhere": {
    opens: ["port 0.0.0.0:18390"],
    meets: REFUSED,
    ...KEPT,
    down: "gateway",

    danger: true,
    first: [/0\.0\.0\.0:18390, from everywhere that reaches the host, by plain HTTP/],
  },

  // From public bug reports.
  "import-only": {},
  "moved-only": {},
  "forget-service": { left: "web" },
  "action-invocation": { unread: true },
  // The old container stays, with its port.
  "create-forget": { made: "web", unread: true },
  "own-volume": { lost: true, first: [/^Data is lost: the volume mlflow-notebooks/] },
};
