/**
 * A fake `terraform` and a fake `docker`, by its first argument. An engine is a folder with a file for
 * each container and network, FAKE_ENGINE; a state is the file FAKE_STATE. While a file `<FAKE_STATE>.hold` exists, no operation and no pull ends, and no image is there. Creating takes a while, and the state is
 * written after it: who kills Terraform in between leaves an object that is not in the state. FAKE_COMPONENTS is what
 * `docker version` names, and FAKE_HEALTH what becomes of a container of `docker run`, which `<FAKE_STATE>.run` notes.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const { FAKE_ENGINE: engine, FAKE_STATE: stateFile, FAKE_SECONDS: seconds = "0.08" } = process.env;
const [, , self, ...args] = process.argv;
const SECRET = "secret-of-the-plan";
mkdirSync(engine, { recursive: true });
await (self === "docker" ? docker() : terraform());

async function docker() {
  const [command, ...rest] = args;
  const names = rest.filter((word) => !word.startsWith("-") && !/^(inspect|rm)$/.test(word));
  if (command === "info") return print({ DockerRootDir: "/nowhere", OperatingSystem: "fake" });
  if (command === "version") return process.stdout.write(process.env.FAKE_COMPONENTS ?? "Engine\n");
  if (command === "run") return run(rest);
  if (command === "image") return void (process.exitCode = existsSync(`${stateFile}.hold`) ? 1 : 0);
  if (command === "pull") return pull();
  if (command === "ps")
    return process.stdout.write(
      objects("container")
        .map(({ Id }) => `${Id}\n`)
        .join(""),
    );
  if (command === "volume") return print([]);
  if (command === "context") return context(rest[1] ?? process.env.DOCKER_CONTEXT);
  if (rest[0] === "inspect") {
    const found = objects(command).filter(({ Id, Name }) =>
      names.some((name) => name === Id || `/${name}` === Name || name === Name),
    );
    return print(found.map(({ kind: _kind, ...details }) => details));
  }
  if (command === "rm" || rest[0] === "rm") for (const { file, Id } of objects()) if (names.includes(Id)) rmSync(file);
}

// The registry is slow.
async function pull() {
  while (existsSync(`${stateFile}.hold`)) await pause(50);
}

function run(words) {
  const name = words[words.indexOf("--name") + 1];
  const container = { kind: "container", Id: name, Name: `/${name}`, ...details({}) };
  container.State.Health.Status = process.env.FAKE_HEALTH ?? "healthy";
  writeFileSync(join(engine, `${name}.json`), JSON.stringify(container));
  appendFileSync(`${stateFile}.run`, `${words.join(" ")}\n`);
}

// As Docker 28.2.2 says it.
function context(name) {
  print([]);
  if (name === undefined) return;
  process.stderr.write(`context "${name}": context not found: open /home/ada/.docker/contexts/meta/ca37/meta.json\n`);
  process.exitCode = 1;
}

async function terraform() {
  const [command] = args;
  if (command === "version") return print({ terraform_version: "1.11.4" });
  if (command === "state") return process.stdout.write(existsSync(stateFile) ? readFileSync(stateFile) : "");
  if (command === "plan") {
    await pause(seconds * 1000);
    const out = args.find((word) => word.startsWith("-out=")).slice("-out=".length);
    return writeFileSync(out, JSON.stringify(plan(args.includes("-destroy"))), { mode: 0o666 });
  }
  if (command === "show") {
    const text = readFileSync(args.at(-1), "utf8");
    await pause(seconds * 500);
    return process.stdout.write(text);
  }
  if (command === "apply") await apply(JSON.parse(readFileSync(args.at(-1), "utf8")));
}

function plan(destroy) {
  const { resource } = JSON.parse(readFileSync("cdk.tf.json", "utf8"));
  const known = state().resources;
  const wanted = ["docker_network", "docker_container"].flatMap((type) =>
    Object.entries(resource[type] ?? {}).map(([name, block]) => ({ address: `${type}.${name}`, type, name, block })),
  );
  const ids = objects().map(({ Id }) => Id);
  return {
    format_version: "1.2",
    variables: { password: { value: SECRET } },
    resource_changes: (destroy ? wanted.reverse() : wanted).flatMap(({ block, ...rest }) => {
      const old = known.find(({ type, name }) => type === rest.type && name === rest.name)?.instances[0].attributes;
      const isThere = old !== undefined && ids.includes(old.id);
      if (destroy && !old) return [];
      const isSame = isThere && old.image === block.image;
      const actions = destroy ? ["delete"] : isSame ? ["no-op"] : isThere ? ["delete", "create"] : ["create"];
      const marks = { before_sensitive: {}, after_sensitive: {} };
      const change = { actions, before: old ?? null, after: destroy ? null : block, ...marks };
      return [{ ...rest, mode: "managed", change }];
    }),
  };
}

// Ends at the first SIGINT, after the operation that runs. Dies at the second one, as Terraform does.
async function apply({ resource_changes: changes }) {
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM"])
    process.on(signal, () => (interrupted ? process.exit(1) : (interrupted = true)));
  for (const { address, type, name, change } of changes) {
    const [action] = change.actions;
    if (action === "no-op") continue;
    if (interrupted) return fail("execution halted");
    const hook = { resource: { addr: address }, action };
    message({ type: "apply_start", hook });
    const object = change.after?.name ?? change.before.name;
    const file = join(engine, `${object}.json`);
    const resources = state().resources.filter((other) => other.name !== name || other.type !== type);
    if (action === "create") {
      if (existsSync(file)) return fail(`the name ${object} is in use`, address);
      const id = `${object}-${Date.now()}-${process.pid}`;
      const kind = type.replace("docker_", "");
      const labels = Object.fromEntries((change.after.labels ?? []).map(({ label, value }) => [label, value]));
      writeFileSync(
        file,
        JSON.stringify({ kind, Id: id, Name: kind === "container" ? `/${object}` : object, ...details(labels) }),
      );
      resources.push({ mode: "managed", type, name, instances: [{ attributes: { ...change.after, id } }] });
    }
    do await pause(seconds * 1000);
    while (existsSync(`${stateFile}.hold`) && !interrupted);
    if (action === "delete") rmSync(file, { force: true });
    const { serial, lineage } = state();
    writeFileSync(stateFile, JSON.stringify({ version: 4, serial: serial + 1, lineage, resources }));
    message({ type: "apply_complete", hook });
  }
}

function details(labels) {
  const Created = new Date().toISOString();
  return {
    Created,
    State: { Status: "running", ExitCode: 0, StartedAt: Created, Health: { Status: "healthy" } },
    Config: { Image: "fake", Labels: labels },
    HostConfig: { Memory: 0, PortBindings: null },
    Mounts: [],
    NetworkSettings: { Networks: {} },
    Labels: labels,
    Containers: {},
  };
}

function state() {
  if (!existsSync(stateFile)) return { serial: 0, lineage: "fake", resources: [] };
  return JSON.parse(readFileSync(stateFile, "utf8"));
}

function objects(kind) {
  return readdirSync(engine)
    .map((name) => ({ ...JSON.parse(readFileSync(join(engine, name), "utf8")), file: join(engine, name) }))
    .filter((object) => kind === undefined || object.kind === kind);
}

function fail(summary, address) {
  message({ type: "diagnostic", diagnostic: { severity: "error", summary, address } });
  process.exitCode = 1;
}

function message(content) {
  process.stdout.write(`${JSON.stringify(content)}\n`);
}

function print(value) {
  process.stdout.write(JSON.stringify(value));
}
