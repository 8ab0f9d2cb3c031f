import { ArtifactStack } from "../support/stacks/artifact-stack";
import { runOk } from "../support/run";
import { memoryOf, peakWhile } from "../support/clients/service-watch";

jest.setTimeout(2 * 60 * 60_000);

// For trials on a smaller disk. Only the default tests 20 GB.
const GIBIBYTES = Number(process.env.SOAK_GIBIBYTES ?? 20);
const FILES = Number(process.env.SOAK_FILES ?? 10_000);
const stack = new ArtifactStack("soak", 18095);

async function expectAlive(): Promise<void> {
  for (const service of ["gateway", "minio", "server", "postgres"]) {
    const state = "{{.RestartCount}} {{.State.OOMKilled}}";
    expect([service, await runOk("docker", ["inspect", "--format", state, `soak-${service}`])]).toEqual([
      service,
      "0 false\n",
    ]);
  }
}

beforeAll(() => stack.up());

afterAll(() => stack.remove());

test("Artifacts of 5 GB come back as they were sent", async () => {
  const { code, stdout, stderr } = await stack.command(["verify", "--large-size", "5120"]);

  expect({ code, output: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, output: "" });
});

test("64 parts at once of one of 20 GB pass through a gateway whose memory stays flat", async () => {
  const { result, peak } = await peakWhile(
    stack.client(`
import hashlib, os, requests
from concurrent.futures import ThreadPoolExecutor
PART, PARTS = 32 << 20, ${GIBIBYTES} * 32
root, login = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow-artifacts", ("admin", os.environ["MLFLOW_TRACKING_PASSWORD"])
block = os.urandom(PART)

def part(number):
    return number.to_bytes(8, "big") + block[8:]

def send(made):
    answer = requests.put(made["url"], data=part(made["part_number"]), timeout=600)
    answer.raise_for_status()
    return {"part_number": made["part_number"], "etag": answer.headers["ETag"], "url": ""}

def fetch(number):
    begin = (number - 1) * PART
    answer = requests.get(address, headers={"Range": f"bytes={begin}-{begin + PART - 1}"}, timeout=600)
    return answer.status_code == 206 and answer.content == part(number)

made = requests.post(f"{root}/mpu/create/soak", json={"path": "huge.bin", "num_parts": PARTS}, auth=login).json()
with ThreadPoolExecutor(64) as pool:
    parts = list(pool.map(send, made["credentials"]))
    done = {"path": "huge.bin", "upload_id": made["upload_id"], "parts": parts}
    requests.post(f"{root}/mpu/complete/soak", json=done, auth=login, timeout=600).raise_for_status()
    same = []
    for first in range(1, PARTS + 1, 640):
        # an address works for five minutes.
        address = requests.get(f"{root}/presigned/soak/huge.bin", auth=login).json()["url"]
        same += pool.map(fetch, range(first, min(first + 640, PARTS + 1)))
print(len(same), all(same))
`),
    () => memoryOf("soak-gateway"),
  );

  expect(result).toBe(`${GIBIBYTES * 32} True\n`);
  expect(peak).toBeLessThan(128);
  await expectAlive();
  await stack.inStore("mc rm --recursive --force store/mlflow/soak >/dev/null");
});

test("10,000 small files come back as they were sent", async () => {
  const output = await stack.client(`
import mlflow, os, tempfile
client = mlflow.MlflowClient()
run = client.create_run("0").info.run_id
with tempfile.TemporaryDirectory() as place:
    sent = {}
    for number in range(${FILES}):
        name = f"part {number % 100}/{number}.bin"
        os.makedirs(os.path.join(place, os.path.dirname(name)), exist_ok=True)
        sent[name] = data = os.urandom(1000)
        open(os.path.join(place, name), "wb").write(data)
    client.log_artifacts(run, place, "many")
with tempfile.TemporaryDirectory() as place:
    back = client.download_artifacts(run, "many", place)
    print(all(open(os.path.join(back, name), "rb").read() == data for name, data in sent.items()))
`);

  expect(output).toBe("True\n");
  await expectAlive();
});
