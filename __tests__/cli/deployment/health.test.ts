import { portOf, refusalProblem } from "../../../cli/deployment/health";
import type { ContainerDetails } from "../../../cli/docker/inspected";

const gateway = (health: string) =>
  ({ Name: "mlflow-gateway", State: { Status: "running", Health: { Status: health } } }) as ContainerDetails;

test("a port that refuses although its container is healthy has a remedy", () => {
  const problem = refusalProblem("http://localhost:8080/readyz answers ECONNREFUSED", { code: "ECONNREFUSED" }, [
    gateway("healthy"),
  ]);

  expect(problem?.text).toBe(
    "http://localhost:8080/readyz answers ECONNREFUSED, although the container 'mlflow-gateway', which publishes the port, is healthy",
  );
  expect(problem?.remedy).toContain("docker restart mlflow-gateway");
});

test.each([
  ["the container is not healthy", "ECONNREFUSED", [gateway("unhealthy")]],
  ["there is no container", "ECONNREFUSED", []],
  ["something answers", undefined, [gateway("healthy")]],
])("a restart is no remedy if %s", (_, code, containers) => {
  expect(refusalProblem("", { code }, containers)).toBeUndefined();
});

test.each([
  ["http://localhost", 80],
  ["https://mlflow.example.com", 443],
  ["https://mlflow.example.com:8443", 8443],
])("the port of %s is %d", (url, port) => expect(portOf(url)).toBe(port));
