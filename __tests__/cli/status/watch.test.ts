import { changes } from "../../../cli/status/watch";

const view = (conditions: { [name: string]: string }) => ({
  text: "",
  conditions: new Map(Object.entries(conditions)),
});

test("everything is told at first, and then only what has changed", () => {
  const healthy = view({ "mlflow-server": "healthy", mlflow: "ready" });
  const down = view({ "mlflow-server": "exited", mlflow: "answers 503" });

  expect(changes(undefined, healthy)).toEqual(["mlflow-server: healthy", "mlflow: ready"]);
  expect(changes(healthy, healthy)).toEqual([]);
  expect(changes(healthy, down)).toEqual(["mlflow-server: exited (was: healthy)", "mlflow: answers 503 (was: ready)"]);
  expect(changes(healthy, view({ mlflow: "no engine" }))).toEqual([
    "mlflow: no engine (was: ready)",
    "mlflow-server: no longer there",
  ]);
});
