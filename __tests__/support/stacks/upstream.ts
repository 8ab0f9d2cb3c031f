import type { IUpstream } from "../../../lib";

/** An upstream with the features that MLflow has by default, and the parts that a test is about. */
export function fakeUpstream(parts: Partial<IUpstream> = {}): IUpstream {
  return { hostname: "mlflow", port: 5000, features: ["traces"], addGateway: () => {}, ...parts };
}
