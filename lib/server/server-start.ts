import { Port } from "../contract/ports";
import { FORKED_WORKERS } from "./python-modules";
import { STORES_FILE, StoresVerdict } from "../contract/store-identity";

/** Files on their way through MLflow. Emptied at every start, because a killed worker leaves its files behind. */
export const TEMPORARY = "/tmp/mlflow";

/** Shared by all workers. Emptied at every start, or counters of dead processes would be added for ever. */
export const METRICS = `${TEMPORARY}/metrics`;

/**
 * The command `mlflow`. Python looks for garbage only after it has imported MLflow: an import leaves hardly any, and the
 * search takes a third of its time.
 */
export const MLFLOW_COMMAND = [
  "python",
  "-c",
  "import gc; gc.disable(); from mlflow.cli import cli; gc.freeze(); gc.enable(); cli(prog_name='mlflow')",
];

/** The server stops when its stores turn out to be another stack's, and refuses to start on them. */
export const START = `python ${STORES_FILE} start && rm -rf ${TEMPORARY} && mkdir ${TEMPORARY} || exit
while :; do
  python ${STORES_FILE} watch
  [ $? -ne ${StoresVerdict.OTHER_STORES} ] || kill 1
  sleep 30
done &
exec python ${FORKED_WORKERS} mlflow "$@"`;

/**
 * A program in Python that asks the server whether it answers. It loads no library for HTTP, because that takes most of the
 * time of a check.
 */
export const HEALTH = [
  "import socket",
  `server = socket.create_connection(("127.0.0.1", ${Port.MLFLOW}), 4)`,
  String.raw`server.sendall(b"GET /health HTTP/1.0\r\nHost: 127.0.0.1:${Port.MLFLOW}\r\n\r\n")`,
  'assert server.recv(13).split()[1] == b"200"',
].join("; ");
