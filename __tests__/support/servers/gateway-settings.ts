import { AuthGateway, AuthMethod } from "../../../lib";
import type { AuthGatewayOptions, IUpstream } from "../../../lib";
import type { RecordingUpstream } from "./recording-upstream";
import { environment, file, testStack } from "../stacks/synth";
import { fakeUpstream } from "../stacks/upstream";

/** What stands around the gateway. */
export interface Surroundings {
  readonly mlflow: RecordingUpstream;
  readonly store: RecordingUpstream;
  readonly url: string;
  /** What the upstream has besides. */
  readonly upstream?: Partial<IUpstream>;
}

/** Settings and files that the construct gives a gateway in front of recording upstreams. */
export function gatewaySettings(options: AuthGatewayOptions, { mlflow, store, url, upstream }: Surroundings) {
  const { stack, network } = testStack();
  new AuthGateway(stack, "gateway", {
    ...options,
    ...{ network, url, auth: AuthMethod.basic() },
    upstream: fakeUpstream({
      ...{ hostname: "mlflow-server", port: mlflow.port },
      transferTarget: { scheme: "http", preferred: true, endpoint: `mlflow-minio:${store.port}`, bucket: "mlflow" },
      ...upstream,
    }),
  });
  const files = (paths: string[]) => Object.fromEntries(paths.map((path) => [path, file(stack, "gateway", path)]));
  return { settings: environment(stack, "gateway"), files };
}
