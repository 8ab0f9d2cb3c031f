import { existsSync, readFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ArtifactStack, AS_ROOT } from "../support/stacks/artifact-stack";
import { basicAuth, send } from "../support/clients/http-request";
import { gatewayLog } from "../support/servers/gateway-log";
import { LimitedDisk } from "../support/stacks/limited-disk";
import { eventually, run, runOk } from "../support/run";

jest.setTimeout(5 * 60_000);

const MEBIBYTE = 1024 ** 2;
const stack = new ArtifactStack("e2e-artifacts", 18451);
let storeDisk: LimitedDisk;
let temporaryDisk: LimitedDisk;

/** What every script begins with: `log`, `load`, `names` and `fails` on a run of its own. */
const CLIENT = `
import hashlib, json, os, tempfile, time
import mlflow
client = mlflow.MlflowClient()
run = client.create_run(client.create_experiment(os.urandom(8).hex())).info.run_id

def content(size):
    return (os.urandom(min(size, 1 << 20)) * (size // (1 << 20) + 1))[:size]

def log(name, data, folder=None):
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, name)
        open(path, "wb").write(data)
        client.log_artifact(run, path, folder)

def load(path):
    with tempfile.TemporaryDirectory() as place:
        return open(client.download_artifacts(run, path, place), "rb").read()

def names(folder=None):
    return sorted(file.path for file in client.list_artifacts(run, folder))

def fails(call, *arguments):
    begin = time.monotonic()
    try:
        call(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error} after {time.monotonic() - begin:.0f} s"
    return "no error"
`;

/** The only line of JSON of an output. */
function answer<T>(output: string): T {
  return JSON.parse(output.trim().split("\n").at(-1) ?? "") as T;
}

beforeAll(async () => {
  storeDisk = await LimitedDisk.mount("2500M");
  temporaryDisk = await LimitedDisk.mount("170M");
  await stack.up({ store: storeDisk, temporary: temporaryDisk });
});

afterAll(async () => {
  await stack.remove();
  await storeDisk.unmount();
  await temporaryDisk.unmount();
});

describe("Artifacts", () => {
  test("come back as they were sent, whatever they are called, through MLflow and past it", async () => {
    const output = await stack.client(`${CLIENT}
NAMES = ["plain.bin", "a b.bin", "a+b.bin", "100%.bin", "%.bin", "modèle ünï.bin", "e\\u0301.bin", "模型.bin", "модель.bin",
    "نموذج.bin", "😀.bin", "a&b=c.bin", "a;b,c.bin", "it's \\"q\\".bin", "~t.bin", "[x]{y}.bin", "a:b@c$d!.bin", "(1)*.bin",
    "-dash", ".hidden", "a|b<c>^d\`.bin", "x" * 200]
wrong = []
# through MLflow, in parts past it, and sent to MLflow but past it: names without % only.
for way, least, size, deep in (
    ("through", "524288000", 1000, "deep + 100% ü"),
    ("parts", "1", 1000, "deep + 100% ü"),
    ("whole", "524288000", 8 << 20, "deep + ü"),
):
    os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = least
    for name in NAMES:
        data, folder = content(size), f"{way}/" + "/".join([deep] * 10)
        log(name, data, folder)
        if f"{folder}/{name}" not in names(folder) or load(f"{folder}/{name}") != data:
            wrong.append((way, name))
print(json.dumps(wrong))
`);

    expect(answer(output)).toEqual([]);
  });

  test("of image series come back under the names of clients from 2.11 to 3.9", async () => {
    const output = await stack.client(`${CLIENT}
from urllib.parse import quote
import requests
login = (os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"])
server = os.environ["MLFLOW_TRACKING_URI"]
folder = client.get_run(run).info.artifact_uri.removeprefix("mlflow-artifacts:/") + "/images/"
wrong = []
# time and id are random. # is refused by MLflow itself.
for step in (0, 5, 17, 20, 25, 99, 2500):
    for time_, id_ in ((1732000000000, "5c2d7a10"), (1899999999999, "ffd7a100"), (1700000000000, "2fd7a100")):
        data, name = os.urandom(8), f"dog%step%{step}%timestamp%{time_}%{id_}.png"
        address = server + "/api/2.0/mlflow-artifacts/artifacts/" + quote(folder + name)
        before = set(names("images"))
        put, got = requests.put(address, data, auth=login), requests.get(address, auth=login)
        listed = [path for path in names("images") if path not in before]
        seen = requests.get(server + "/get-artifact", {"run_id": run, "path": f"images/{name}"}, auth=login)
        if (put.status_code, got.content, seen.content) != (200, data, data) or "2fd" not in id_ and len(listed) != 1:
            wrong.append((name, put.status_code, got.status_code, seen.status_code, listed))
        elif "2fd" not in id_ and load(listed[0]) != data:
            wrong.append((name, "not loaded by its listed name", listed))
print(json.dumps(wrong))
`);

    expect(answer(output)).toEqual([]);
  });

  test("come back as they were sent, whatever their size is", async () => {
    const output = await stack.client(`${CLIENT}
os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = "5242880"
PART = 10 << 20
wrong = []
for size in (0, 1, PART - 1, PART, PART + 1, 2 * PART, (100 << 20) + 1):
    data = content(size)
    log("file.bin", data, str(size))
    if load(f"{size}/file.bin") != data:
        wrong.append(size)
print(json.dumps(wrong))
`);

    expect(answer(output)).toEqual([]);
  });

  test("of 520 MiB pass MLflow by with a client as it is", async () => {
    const before = await stack.logged("PUT", "/s3/");
    const output = await stack.client(`${CLIENT}
data = content(520 << 20)
log("large.bin", data)
same = load("large.bin") == data
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
get_artifact_repository(client.get_run(run).info.artifact_uri).delete_artifacts()
print(json.dumps(same))
`);

    expect(answer(output)).toBe(true);
    expect((await stack.logged("PUT", "/s3/")) - before).toBe(52);
  });

  test("that a client sends whole pass MLflow by from 8 MiB on, larger ones than it has space for too", async () => {
    const output = await stack.client(`${CLIENT}
wrong = []
for size in ((8 << 20) - 1, 8 << 20, (8 << 20) + 1, 300 << 20):
    data = content(size)
    log("file.bin", data, str(size))
    if load(f"{size}/file.bin") != data or client.list_artifacts(run, str(size))[0].file_size != size:
        wrong.append(size)
print(json.dumps(wrong))
`);

    expect(answer(output)).toEqual([]);
  });

  test("come back when they are many and small", async () => {
    const output = await stack.client(`${CLIENT}
with tempfile.TemporaryDirectory() as place:
    sent = {}
    for number in range(500):
        folder = os.path.join(place, f"part {number % 10}")
        os.makedirs(folder, exist_ok=True)
        sent[f"part {number % 10}/{number}.bin"] = data = os.urandom(500)
        open(os.path.join(folder, f"{number}.bin"), "wb").write(data)
    client.log_artifacts(run, place, "many")
with tempfile.TemporaryDirectory() as place:
    back = client.download_artifacts(run, "many", place)
    print(json.dumps(all(open(os.path.join(back, name), "rb").read() == data for name, data in sent.items())))
`);

    expect(answer(output)).toBe(true);
  });

  test("of 32 clients at once come back as they were sent", async () => {
    const output = await stack.client(`${CLIENT}
from concurrent.futures import ThreadPoolExecutor
os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = "1048576"

def one(number):
    data = content((4 << 20) + number)
    log(f"{number}.bin", data)
    return load(f"{number}.bin") == data

with ThreadPoolExecutor(32) as pool:
    print(json.dumps(list(pool.map(one, range(32)))))
`);

    expect(answer(output)).toEqual(Array.from({ length: 32 }, () => true));
    const state = "{{.RestartCount}} {{.State.OOMKilled}}";
    for (const service of ["gateway", "minio", "server"]) {
      expect(await runOk("docker", ["inspect", "--format", state, `${stack.id}-${service}`])).toBe("0 false\n");
    }
  });

  test("keep the checksum that boto3 made of them between MLflow and the store", async () => {
    const output = await stack.client(`${CLIENT}
log("checked.bin", content(1000))
print(json.dumps(client.get_run(run).info.artifact_uri.removeprefix("mlflow-artifacts:/") + "/checked.bin"))
`);
    const head = await stack.inServer(`
import boto3, json, os
s3 = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
found = s3.head_object(Bucket="mlflow", Key="${answer<string>(output)}", ChecksumMode="ENABLED")
print(json.dumps(sorted(name for name in found if name.startswith("Checksum"))))
`);

    expect(answer(head)).toContain("ChecksumCRC32");
  });

  test("reach a client whose clock is an hour off", async () => {
    const library = await faketime();
    const shifted = ["+1h", "-1h"].map((hour) =>
      stack.client(
        `${CLIENT}
os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = "1"
data = content(1000)
log("late.bin", data)
print(json.dumps([abs(time.time() - ${Math.floor(Date.now() / 1000)}) > 3000, load("late.bin") == data]))
`,
        [
          ...["--volume", `${library}:/faketime.so:ro`, "--env", "LD_PRELOAD=/faketime.so"],
          ...["--env", `FAKETIME=${hour}`, "--env", "DONT_FAKE_MONOTONIC=1"],
        ],
      ),
    );

    for (const output of await Promise.all(shifted)) expect(answer(output)).toEqual([true, true]);
  });
});

describe("Signed addresses", () => {
  /** One object and genuine addresses of it, made with MLflow's own keys. */
  let signed: {
    get: string;
    script: string;
    put: string;
    part: string;
    expired: string[];
    early: string[];
    late: string[];
  };

  beforeAll(async () => {
    const output = await stack.inServer(`
import boto3, botocore.auth, botocore.client, datetime, json, os
endpoint = os.environ["MLFLOW_S3_ENDPOINT_URL"]
s3 = boto3.client("s3", endpoint_url=endpoint, config=botocore.client.Config(signature_version="s3v4", s3={"addressing_style": "path"}))
s3.put_object(Bucket="mlflow", Key="attacked/a.txt", Body=b"genuine content")
s3.put_object(Bucket="mlflow", Key="attacked/a.js", Body=b"alert()", ContentType="text/javascript")
upload = s3.create_multipart_upload(Bucket="mlflow", Key="attacked/a.txt")["UploadId"]
where = {"Bucket": "mlflow", "Key": "attacked/a.txt"}
now = datetime.datetime.now(datetime.timezone.utc)

def addresses(shift, seconds=300):
    at = now + datetime.timedelta(seconds=shift)
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: at.replace(tzinfo=None) if remove_tzinfo else at
    get = s3.generate_presigned_url("get_object", {**where, "ResponseContentDisposition": "attachment"}, seconds)
    put = s3.generate_presigned_url("put_object", where, seconds)
    part = s3.generate_presigned_url("upload_part", {**where, "UploadId": upload, "PartNumber": 1}, seconds)
    return [address.replace(endpoint, "/s3") for address in (get, put, part)]

get, put, part = addresses(0)
of_script = {"Bucket": "mlflow", "Key": "attacked/a.js", "ResponseContentDisposition": "attachment"}
script = s3.generate_presigned_url("get_object", of_script, 300).replace(endpoint, "/s3")
print(json.dumps({"get": get, "script": script, "put": put, "part": part, "expired": addresses(-600), "early": addresses(3600), "late": addresses(-3600)}))
`);
    signed = answer(output);
    // a test of the test: had the clock not moved, nothing below would be refused for its time.
    expect(new Set([signed.get, signed.expired[0], signed.early[0], signed.late[0]]).size).toBe(4);
  });

  const open = (address: string, init: RequestInit = {}) => fetch(stack.url + address, init);
  const content = async () => (await open(signed.get)).text();

  test("work", async () => {
    expect(await content()).toBe("genuine content");
    expect((await open(signed.part, { method: "PUT", body: "a part" })).status).toBe(200);
  });

  test("never give a file the type of a script, and let no other origin read it", async () => {
    const { status, headers } = await open(signed.script, { headers: { Origin: "https://other.example" } });

    expect([status, headers.get("content-type")]).toEqual([200, "text/plain"]);
    expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
  });

  test("give ranges, so that a broken download goes on where it was", async () => {
    const part = await open(signed.get, { headers: { Range: "bytes=8-" } });

    expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([
      206,
      "content",
      "bytes 8-14/15",
    ]);
    expect((await open(signed.get, { headers: { Range: "bytes=99-" } })).status).toBe(416);
  });

  test("that have expired, or are signed by a clock an hour off, are refused by the store", async () => {
    for (const [get = "", put = "", part = ""] of [signed.expired, signed.early, signed.late]) {
      expect((await open(get)).status).toBe(403);
      expect((await open(put, { method: "PUT", body: "forged" })).status).toBe(403);
      expect((await open(part, { method: "PUT", body: "forged" })).status).toBe(403);
    }
    expect(await content()).toBe("genuine content");
  });

  test("are refused in every variation, as the store itself says", async () => {
    const trace = await Trace.start(stack.id);
    const variations = variationsOf(signed);
    const answers: [title: string, status: number][] = [];
    for (const [title, method, address, headers] of variations) {
      const body = method === "PUT" || method === "POST" ? "forged" : undefined;
      const { status } = await open(address, { method, body, headers, redirect: "manual" });
      answers.push([title, status]);
    }
    // the last of the trace, so that all before it have been written.
    await open(signed.get.replace("/a.txt", "/end-of-trace.txt"));
    const entries = await trace.until("end-of-trace.txt");

    expect(answers.filter(([, status]) => ![400, 403, 404].includes(status))).toEqual([]);
    const taken = entries.filter(({ statusCode, path }) => statusCode < 400 && path.includes("attacked"));
    expect(taken.map(({ api, path, statusCode }) => `${api} ${path} ${statusCode}`)).toEqual([]);
    // what only the signature can tell has reached the store, which is what says no.
    expect(entries.filter(({ statusCode }) => statusCode === 403).length).toBeGreaterThan(10);
    expect(await content()).toBe("genuine content");
    expect(await stack.inStore("mc ls --recursive store/mlflow/attacked")).toMatch(/ a\.txt\n$/);
  });

  test("carry names that MLflow's own client cannot write into an address, five minutes down and an hour up", async () => {
    const output = await stack.client(`${CLIENT}
import requests
from urllib.parse import parse_qs, quote, urlsplit
root, login = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow-artifacts", ("admin", os.environ["MLFLOW_TRACKING_PASSWORD"])
def seconds(url):
    return int(parse_qs(urlsplit(url).query)["X-Amz-Expires"][0])
wrong, valid = [], set()
for name in ("a?b=c.bin", "trailing ", "a+b%c?d e.bin"):
    data = content(1000)
    made = requests.post(f"{root}/mpu/create/raw", json={"path": name, "num_parts": 1}, auth=login).json()
    sent = requests.put(made["credentials"][0]["url"], data=data)
    parts = [{"part_number": 1, "etag": sent.headers["ETag"], "url": ""}]
    requests.post(f"{root}/mpu/complete/raw", json={"path": name, "upload_id": made["upload_id"], "parts": parts}, auth=login)
    got = requests.get(f"{root}/presigned/raw/{quote(name)}", auth=login)
    if got.status_code != 200 or requests.get(got.json()["url"]).content != data:
        wrong.append([name, got.text])
    valid.add((seconds(got.json()["url"]), seconds(made["credentials"][0]["url"])))
print(json.dumps([wrong, sorted(valid)]))
`);

    expect(answer(output)).toEqual([[], [[300, 3600]]]);
  });

  test("stand in no log", async () => {
    const log = await runOk("sh", ["-c", `docker logs ${stack.id}-gateway 2>&1`]);

    expect(log).toContain("/s3/mlflow/attacked/a.txt");
    expect(log).not.toMatch(/X-Amz-(Signature|Credential)/i);
  });
});

describe("The bucket's S3 API", () => {
  /** What boto3 prints, with these keys, as a client on the edge network. */
  const boto3 = (keys: { id: string; secret: string }, script: string) =>
    stack.client(`
import boto3, botocore
from botocore.config import Config
s3 = boto3.client(
    "s3",
    endpoint_url="http://${stack.id}-gateway:9000",
    region_name="us-east-1",
    aws_access_key_id="${keys.id}",
    aws_secret_access_key="${keys.secret}",
    config=Config(retries={"max_attempts": 1}),
)
def refused(call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"
${script}`);
  let keys: { id: string; secret: string };

  beforeAll(async () => {
    keys = { id: await stack.output("s3_access_key_id"), secret: await stack.output("s3_secret_access_key") };
  });

  test("takes and gives files, those of runs too, to who has the keys", async () => {
    const printed = await boto3(
      keys,
      `
import mlflow
with mlflow.start_run() as run:
    mlflow.log_text("logged by a client", "seen.txt")
key = run.info.artifact_uri.removeprefix("mlflow-artifacts:/") + "/seen.txt"
print("SEEN", s3.get_object(Bucket="mlflow", Key=key)["Body"].read().decode())
content = os.urandom(6_000_000)
s3.put_object(Bucket="mlflow", Key="aside/ä b+c%.bin", Body=content)
upload = s3.create_multipart_upload(Bucket="mlflow", Key="aside/parts.bin")["UploadId"]
part = s3.upload_part(Bucket="mlflow", Key="aside/parts.bin", UploadId=upload, PartNumber=1, Body=content)
s3.complete_multipart_upload(
    Bucket="mlflow", Key="aside/parts.bin", UploadId=upload,
    MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
)
listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket="mlflow", Prefix="aside/")["Contents"]]
print("SAME", [s3.get_object(Bucket="mlflow", Key=key)["Body"].read() == content for key in listed])`,
    );

    expect(printed).toContain("SEEN logged by a client\n");
    expect(printed).toContain("SAME [True, True]\n");
  });

  test("gives the keys nothing but the bucket, and nothing to others", async () => {
    expect(
      await boto3(
        keys,
        `print(refused(s3.create_bucket, Bucket="another"), refused(s3.list_objects_v2, Bucket="another"))`,
      ),
    ).toBe("AccessDenied AccessDenied\n");
    expect(await boto3({ ...keys, secret: "wrong" }, `print(refused(s3.list_objects_v2, Bucket="mlflow"))`)).toBe(
      "SignatureDoesNotMatch\n",
    );
    const anonymous = await send("http://127.0.0.1:9000", { path: "/mlflow?list-type=2" });
    const withPassword = await send("http://127.0.0.1:9000", {
      path: "/mlflow?list-type=2",
      headers: [basicAuth("admin", await stack.output("password"))],
    });
    expect([anonymous.status, withPassword.status]).toEqual([403, 403]);
  });
});

describe("A transfer that breaks off", () => {
  const SLOW_PARTS = `
import mlflow.store.artifact.http_artifact_repo as repository
def slowly(call):
    def slow(*arguments, **named):
        time.sleep(0.2)
        return call(*arguments, **named)
    return slow
`;

  /** Restarts services as soon as so many parts of a transfer have passed. */
  async function restartMidway(method: string, services: string[], transfer: Promise<string>): Promise<string> {
    const before = await stack.logged(method, "/s3/");
    await Promise.race([
      transfer,
      eventually("some parts have passed", 60, async () => (await stack.logged(method, "/s3/")) > before + 5),
    ]);
    await runOk("docker", ["restart", "--time", "1", ...services.map((service) => `${stack.id}-${service}`)]);
    return transfer;
  }

  test("is resumed when it is a download", async () => {
    const output = await restartMidway(
      "GET",
      ["minio", "gateway"],
      stack.client(`${CLIENT}${SLOW_PARTS}
os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = "1"
os.environ["MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE"] = str(4 << 20)
data = content(200 << 20)
log("large.bin", data)
repository.download_chunk = slowly(repository.download_chunk)
print(json.dumps(load("large.bin") == data))
`),
    );

    expect(answer(output)).toBe(true);
  });

  test("fails as an upload, leaves nothing behind, and succeeds when it is repeated", async () => {
    const output = await restartMidway(
      "PUT",
      ["gateway"],
      stack.client(`${CLIENT}${SLOW_PARTS}
os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = "1"
data = content(300 << 20)
plain = repository.HttpArtifactRepository._upload_part
repository.HttpArtifactRepository._upload_part = staticmethod(slowly(plain))
first = fails(log, "large.bin", data)
visible = names()
repository.HttpArtifactRepository._upload_part = staticmethod(plain)
log("large.bin", data)
print(json.dumps([first, visible, load("large.bin") == data]))
`),
    );

    const [first, visible, same] = answer<[string, string[], boolean]>(output);
    expect(first).toMatch(/^MlflowException: Failed to upload at least one part of .*large\.bin/);
    expect([visible, same]).toEqual([[], true]);
    expect(await stack.inStore("mc ls --recursive --incomplete store/mlflow | grep -v attacked || true")).toBe("");
  });
});

describe("A file that is sent whole", () => {
  // slowly enough to be broken off; by hand, because MLflow's client would send it again by itself.
  const slowly = (name: string) => `${CLIENT}
import requests
DATA = content(40 << 20)
def pieces(pause):
    for begin in range(0, len(DATA), 1 << 20):
        time.sleep(pause)
        yield DATA[begin : begin + (1 << 20)]
class Body:
    def __init__(self, pause):
        self.pause = pause
    def __len__(self):
        return len(DATA)
    def __iter__(self):
        return pieces(self.pause)
address = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow-artifacts/artifacts/" + client.get_run(run).info.artifact_uri.removeprefix("mlflow-artifacts:/") + "/${name}"
def put(pause):
    login = (os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"])
    try:
        return requests.put(address, data=Body(pause), auth=login, timeout=120).status_code
    except requests.RequestException as error:
        return type(error).__name__
`;
  const incomplete = (name: string) =>
    stack.inStore(`mc ls --recursive --incomplete store/mlflow | grep ${name} || true`);

  test.each(["minio", "gateway"])(
    "fails when the %s is restarted, leaves nothing behind, and succeeds when it is repeated",
    async (service) => {
      const name = `${service}.bin`;
      const output = stack.client(`${slowly(name)}
first = put(0.2)
visible = names()
second = put(0)
print(json.dumps([first, visible, second, load("${name}") == DATA]))
`);
      await eventually("the store has begun to take it", 60, () => incomplete(name));
      await runOk("docker", ["restart", "--time", "1", `${stack.id}-${service}`]);

      const [first, ...rest] = answer<[number | string, ...unknown[]]>(await output);
      expect([502, 503, "ConnectionError", "ChunkedEncodingError"]).toContain(first);
      expect(rest).toEqual([[], 200, true]);
      // what a gateway that was ended could not abort is forgotten in a day.
      if (service === "minio") expect(await incomplete(name)).toBe("");
    },
  );

  test("leaves nothing behind when its client goes away", async () => {
    await stack.client(`${slowly("gone.bin")}
def pieces(pause):
    yield DATA[: 10 << 20]
    raise KeyError("gone")
try:
    put(0)
except KeyError:
    pass
assert names() == []
`);

    await eventually("the store has forgotten it", 30, async () => (await incomplete("gone.bin")) === "");
  });
});

describe("A full disk", () => {
  test("of the store is told at once, leaves nothing half visible, and hurts nobody else", async () => {
    // all but the mark, without which the server would end.
    await stack.inStore(`mc find store/mlflow --ignore "*#mlflow-stack-identity*" --exec "mc rm '{}'" >/dev/null`);
    await storeDisk.fill(60);
    const output = await stack.client(`${CLIENT}
os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = "104857600"
log("small.bin", b"before")
direct = fails(log, "direct.bin", content(200 << 20))
proxied = fails(log, "proxied.bin", content(90 << 20))
print(json.dumps([direct, proxied, names(), load("small.bin") == b"before"]))
`);
    storeDisk.empty();
    const again = await stack.client(`${CLIENT}
os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = "104857600"
data = content(200 << 20)
log("direct.bin", data)
print(json.dumps(load("direct.bin") == data))
`);

    const [direct, proxied, visible, same] = answer<[string, string, string[], boolean]>(output);
    expect(direct).toMatch(
      /^MlflowException: Failed to upload at least one part .*50[07] .*(XMinioStorageFull|no space left)/s,
    );
    expect(proxied).toMatch(/507 .*There may be no space left for it/s);
    for (const error of [direct, proxied]) expect(Number(/after (\d+) s$/.exec(error)?.[1])).toBeLessThan(60);
    expect([visible, same]).toEqual([["small.bin"], true]);
    expect(answer(again)).toBe(true);
  });

  test("of MLflow is told at once, and MLflow goes on with an empty one", async () => {
    const output = await stack.client(`${CLIENT}
# what has a % in its name does not go past MLflow.
refused = fails(log, "100% larger.bin", content(200 << 20))
log("small.bin", b"after")
print(json.dumps([refused, names(), load("small.bin") == b"after"]))
`);

    const [refused, visible, same] = answer<[string, string[], boolean]>(output);
    expect(refused).toMatch(/507 .*There may be no space left for it/s);
    expect(Number(/after (\d+) s$/.exec(refused)?.[1])).toBeLessThan(60);
    expect([visible, same]).toEqual([["small.bin"], true]);
    expect(await runOk("find", [temporaryDisk.folder, "-type", "f", "-size", "+1M"])).toBe("");
    // MLflow's line about it has the id that the gateway's has.
    const { stderr, stdout } = await run("docker", ["logs", `${stack.id}-server`]);
    const [, id = "none"] = /\[([0-9a-f-]{36})\] A file could not be stored/.exec(stdout + stderr) ?? [];
    expect(await gatewayLog(`${stack.id}-gateway`, stack.url)).toMatch(
      new RegExp(`"status":507.*"request_id":"${id}"`),
    );
  });
});

test("An upload gets 507 if there is no space or no store, 400 if the store refuses it, and 500 for a fault of MLflow", async () => {
  const long = await stack.client(`${CLIENT}
print(json.dumps(fails(log, "small.bin", b"x", "y" * 300)))
`);
  const program = readFileSync(join(__dirname, "..", "support", "clients", "upload-errors.py"), "utf8");
  const inServer = ["exec", "--interactive", "--env", "HOME=/tmp", "e2e-artifacts-server", "python", "-"];
  const statuses = answer(await runOk("docker", inServer, { input: program }));

  expect(answer(long)).toMatch(/400 .*The store refuses the file: \w+.* after \d s$/s);
  expect(statuses).toEqual({
    ...{ disk: 507, full: 507, busy: 507, down: 507, slow: 507, refused: 400 },
    ...{ name: 500, fault: 500, "no upload": 500 },
    // the whole upload is read before the answer, which would get lost with the connection.
    long: [507, 5],
  });
});

test("Parts of an upload that was given up are gone within a day", async () => {
  const config = await stack.inStore("mc admin config get store api");
  const settings = [...config.matchAll(/MINIO_API_(STALE_UPLOADS_\w+)=(\w+)/g)].map(([, name, value]) => [name, value]);

  expect(Object.fromEntries(settings)).toEqual({
    STALE_UPLOADS_EXPIRY: "23h",
    STALE_UPLOADS_CLEANUP_INTERVAL: "1h",
  });
});

test("The gateway's memory stays flat", async () => {
  const file = "cat /sys/fs/cgroup/memory/memory.stat 2>/dev/null || cat /sys/fs/cgroup/memory.stat";
  const stat = await runOk("docker", ["exec", `${stack.id}-gateway`, "sh", "-c", file]);

  expect(Number(/^(?:total_rss|anon) (\d+)$/m.exec(stat)?.[1])).toBeLessThan(100 * MEBIBYTE);
});

/** What the store says of the requests that reach it. */
class Trace {
  private text = "";

  public static async start(id: string): Promise<Trace> {
    const trace = new Trace(id);
    // the store traces from some moment on, which only a traced request shows.
    await eventually("the store's trace runs", 30, async () => {
      await stack.inStore("mc stat store/mlflow/attacked/a.txt >/dev/null");
      return trace.text.includes("a.txt");
    });
    trace.text = "";
    return trace;
  }

  private constructor(id: string) {
    const line = `${AS_ROOT}; exec mc admin trace --json store`;
    const child = spawn("docker", ["exec", `${id}-minio`, "timeout", "120", "sh", "-c", line]);
    child.stdout.on("data", (chunk) => (this.text += chunk));
    this.stop = () => child.kill();
  }

  private readonly stop: () => void;

  /** All entries up to one for a certain object. */
  public async until(name: string): Promise<{ api: string; path: string; statusCode: number }[]> {
    await eventually(`the trace shows ${name}`, 30, async () => this.text.includes(name));
    this.stop();
    const lines = this.text.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
    return lines.map((line) => JSON.parse(line));
  }
}

type Variation = readonly [title: string, method: string, address: string, headers?: Record<string, string>];

function variationsOf({ get, put, part }: { get: string; put: string; part: string }): Variation[] {
  const changed = (address: string, name: string, value: string) =>
    address.replace(new RegExp(`(${name}=)[^&]*`), `$1${value}`);
  const other = "0123456789abcdef".repeat(4);
  const common = (["GET", "PUT", "part"] as const).flatMap((kind): Variation[] => {
    const [method, address] = { GET: ["GET", get], PUT: ["PUT", put], part: ["PUT", part] }[kind] as [string, string];
    return [
      [`${kind} with another signature`, method, changed(address, "X-Amz-Signature", other)],
      [`${kind} without a signature`, method, address.replace(/&?X-Amz-Signature=[^&]*/, "")],
      [`${kind} without a query`, method, address.split("?")[0] ?? ""],
      [`${kind} for longer`, method, changed(address, "X-Amz-Expires", "604800")],
      [`${kind} of another day`, method, changed(address, "X-Amz-Date", "20300101T000000Z")],
      [`${kind} by somebody else`, method, address.replace(/(X-Amz-Credential=)[^%]*/, "$1AKIAIOSFODNN7EXAMPLE")],
      [`${kind} in another region`, method, address.replace("us-east-1", "eu-west-1")],
      [`${kind} with another signed header`, method, changed(address, "X-Amz-SignedHeaders", "content-type%3Bhost")],
      [`${kind} of another object`, method, address.replace("/a.txt", "/b.txt")],
      [`${kind} of another bucket`, method, address.replace("/s3/mlflow/", "/s3/other/")],
      [`${kind} of the whole bucket`, method, address.replace("/attacked/a.txt", "/")],
      [`${kind} of a name in capitals`, method, address.replace("/a.txt", "/A.TXT")],
      [`${kind} with tags`, method, `${address}&tagging=`],
      [`${kind} of a version`, method, `${address}&versionId=null`],
      [`${kind} by version 2`, method, `${address.split("?")[0]}?AWSAccessKeyId=a&Signature=b&Expires=9999999999`],
      [
        `${kind} as an unsigned stream`,
        method,
        changed(address, "X-Amz-Signature", other),
        {
          "X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
          "X-Amz-Decoded-Content-Length": "6",
        },
      ],
      [
        `${kind} with a signature in a header`,
        method,
        address.replace(/\?.*/, ""),
        {
          Authorization: `AWS4-HMAC-SHA256 Credential=AKIA/20261124/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=${other}`,
          "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD",
        },
      ],
    ];
  });
  return [
    ...common,
    ["a download as an upload", "PUT", get],
    ["a download as HEAD", "HEAD", get],
    ["a download as DELETE", "DELETE", get],
    ["an upload as a download", "GET", put],
    ["an upload as DELETE", "DELETE", put],
    [
      "an upload as a copy",
      "PUT",
      changed(put, "X-Amz-Signature", other),
      { "X-Amz-Copy-Source": "mlflow/attacked/a.txt" },
    ],
    ["a part as a whole upload", "PUT", part.replace(/partNumber=[^&]*&/, "").replace(/uploadId=[^&]*&?/, "")],
    ["a part with another number", "PUT", changed(part, "partNumber", "2")],
    ["a part of another upload", "PUT", changed(part, "uploadId", "abc")],
    ["the completion of an upload", "POST", part],
    ["the listing of an upload", "GET", part.replace(/partNumber=[^&]*&/, "")],
    ["a download of another type", "GET", `${get}&response-content-type=text%2Fhtml`],
    ["a download with another name", "GET", changed(get, "response-content-disposition", "inline")],
    ["the list of all buckets", "GET", "/s3/"],
    ["the list of all objects", "GET", "/s3/mlflow/?list-type=2"],
    ["the store's health", "GET", "/s3/minio/health/live"],
    ["the store's figures", "GET", "/s3/minio/v2/metrics/cluster"],
    ["the store's administration", "GET", "/s3/minio/admin/v3/info"],
  ];
}

/** A library that shifts the clock of one process. */
async function faketime(): Promise<string> {
  const place = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
  if (existsSync(place)) return place;
  await run("apt-get", ["update"]);
  await runOk("apt-get", ["install", "--yes", "--no-install-recommends", "libfaketime"]);
  return place;
}
