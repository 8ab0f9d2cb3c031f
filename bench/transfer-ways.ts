import { PASSWORD, STACK, STACK_URL } from "./bench-stack";
import type { StateJson } from "./compose";
import type { TransferCase } from "./artifacts";

/** A client, and its place. */
export interface TransferParty {
  readonly kind: "mlflow" | "store";
  /** The service whose network namespace the client shares, so that all addresses are loopback. */
  readonly besides: string;
  /** Folder of the artifacts. */
  readonly folder: string;
  readonly environment: { readonly [name: string]: string };
  readonly store: { readonly [setting: string]: string };
}

/** A way from a client to the store and back. */
export interface Way {
  readonly name: string;
  goes(transfers: TransferCase): boolean;
  of(state: StateJson): TransferParty;
}

const OURS = {
  MLFLOW_TRACKING_URI: STACK_URL,
  MLFLOW_TRACKING_USERNAME: "admin",
  MLFLOW_TRACKING_PASSWORD: PASSWORD,
};
const ALONE = { MLFLOW_TRACKING_URI: "http://127.0.0.1:5000" };
const PROXIED = {
  MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: "false",
  MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD: "false",
};
const IN_PARTS = { MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: String(16 * 1024 ** 2) };
// From this size on, in MiB, MLflow's client uploads in parts by default.
const MIN_PARTS_SIZE = 500;

// MLflow decodes a `%` in a name twice. The gateway leaves these files to it.
const LEFT_TO_MLFLOW = "100% sent";

const client =
  (besides: string, environment: TransferParty["environment"], folder = "sent") =>
  () => ({
    kind: "mlflow" as const,
    besides: `${STACK}-${besides}`,
    ...{ folder, environment },
    store: {},
  });

/** The way that the others are compared with. */
export const AS_IT_IS = "ours, client as it is";

/** All ways, in the order of the columns of the table. */
export const WAYS: Way[] = [
  { name: AS_IT_IS, goes: () => true, of: client("gateway", OURS) },
  {
    name: "ours, parts from 16 MiB",
    goes: ({ size }) => size > 16 && size < MIN_PARTS_SIZE,
    of: client("gateway", { ...OURS, ...IN_PARTS }),
  },
  {
    name: "ours, proxied",
    goes: () => true,
    of: client("gateway", { ...OURS, ...PROXIED }, LEFT_TO_MLFLOW),
  },
  { name: "MLflow alone", goes: () => true, of: client("server", { ...ALONE, ...PROXIED }) },
  {
    name: "client past the gateway",
    goes: ({ size }) => size > 16,
    of: client("server", { ...ALONE, ...IN_PARTS }),
  },
  { name: "store", goes: () => true, of: store },
];

// Uses MLflow's own keys from Terraform's state.
function store({ resources }: StateJson): TransferParty {
  const server = resources.find(({ type, name }) => type === "docker_container" && name === "server");
  const uploads = server?.instances[0]?.attributes.upload ?? [];
  const keys = uploads.find(({ file }) => file === "/run/secrets/aws-credentials")?.content ?? "";
  const value = (name: string) => new RegExp(`^${name} = (.*)$`, "m").exec(keys)?.[1] ?? "";
  return {
    kind: "store",
    besides: `${STACK}-minio`,
    ...{ folder: "", environment: {} },
    store: {
      endpoint: "http://127.0.0.1:9000",
      bucket: "mlflow",
      access_key: value("aws_access_key_id"),
      secret_key: value("aws_secret_access_key"),
    },
  };
}
