import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { readFileSync } from "node:fs";
import { ImageName } from "../../lib/values/image-name";
import { packagePath } from "../../lib/values/package-folder";
import { RELEASES, imageName } from "../../lib/values/releases";
import { describeDigests, lookUpDigests, pulledImages, withDigests } from "../../maintenance/digests";

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const [LIST, ONE] = [digest("a"), digest("b")];

describe("The digests of releases.json", () => {
  let host: string;
  const asked: string[] = [];
  // A registry that gives a token to everybody, and without the types of lists the image for one processor.
  const registry = createServer((request, answer) => {
    const { url = "", method, headers } = request;
    asked.push(`${method} ${url}`);
    if (url.startsWith("/token?")) {
      const isRight = url === "/token?service=fake&scope=repository%3Ateam%2Fapp%3Apull";
      return answer.writeHead(isRight ? 200 : 400).end(JSON.stringify({ token: "t" }));
    }
    if (headers.authorization !== "Bearer t") {
      const challenge = `Bearer realm="http://${host}/token",service="fake",scope="repository:team/app:pull"`;
      return answer.writeHead(401, { "www-authenticate": challenge }).end();
    }
    if (url === "/v2/team/app/manifests/v1.2.3") {
      const isList = /image\.index\.v1/.test(headers.accept ?? "") && /manifest\.list\.v2/.test(headers.accept ?? "");
      return answer.writeHead(200, { "docker-content-digest": isList ? LIST : ONE }).end();
    }
    if (url === "/v2/team/app/manifests/v1.2.4") return answer.writeHead(200).end();
    return answer.writeHead(404).end();
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
    host = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    registry.close();
  });

  test("are those of the lists for all processors, and are read with the registry's token", async () => {
    const image = `${host}/team/app:v1.2.3`;

    expect(await lookUpDigests([image], {})).toEqual([{ name: image, known: undefined, found: LIST }]);
    expect(asked).toEqual([
      "HEAD /v2/team/app/manifests/v1.2.3",
      "GET /token?service=fake&scope=repository%3Ateam%2Fapp%3Apull",
      "HEAD /v2/team/app/manifests/v1.2.3",
    ]);
  });

  test("that are missing, that are others, or that no registry gives are each told", async () => {
    const names = ["v1.2.3", "v1.2.4", "v9.9.9"].map((tag) => `${host}/team/app:${tag}`);
    const [known = "", bare = "", unknown = ""] = names;
    const unreachable = "127.0.0.1:1/app:v1.2.3";

    expect(describeDigests(await lookUpDigests([...names, unreachable], { [known]: ONE }))).toEqual([
      `${known}: is pinned to ${ONE}, and is ${LIST} now`,
      `${bare}: cannot be looked up (${host} has no Docker-Content-Digest of ${bare})`,
      `${unknown}: cannot be looked up (${host} answered 404)`,
      expect.stringMatching(/^127\.0\.0\.1:1\/app:v1\.2\.3: cannot be looked up \(.*(ECONNREFUSED|bad port).*\)$/),
    ]);
    expect(describeDigests(await lookUpDigests([known], {}))).toEqual([`${known}: is not pinned, and is ${LIST} now`]);
    expect(describeDigests(await lookUpDigests([known], { [known]: LIST }))).toEqual([]);
  });

  test("are written in the order of their names, and one whose registry fails stays", () => {
    const findings = [
      { name: "b:1", known: ONE, failure: "no answer" },
      { name: "a:1", found: LIST },
      { name: "c:1", failure: "no answer" },
    ];
    const text = readFileSync(packagePath("releases.json"), "utf8");
    const written = withDigests(text, findings);

    expect(JSON.parse(written)).toEqual({ ...RELEASES, digests: { "a:1": LIST, "b:1": ONE } });
    expect(written).toContain(`\n  "digests": {\n    "a:1": "${LIST}",\n    "b:1": "${ONE}"\n  }\n}`);
    expect(withDigests(written, [])).toContain('"digests": {}');
  });

  test("cover every image that is pulled by default, under the names that the library uses", () => {
    const images = pulledImages(RELEASES);
    const { postgres, mlflow, silo, caddy, "oauth2-proxy": oauth2Proxy, go } = RELEASES;

    expect(images).toEqual([
      ...postgres.versions.map((version) => imageName({ ...postgres, version }, {})),
      ...[mlflow, silo, oauth2Proxy].map((release) => imageName(release, {})),
      `caddy:${caddy.imageVersion}-builder`,
      `caddy:${caddy.imageVersion}-alpine`,
      `golang:${go}-trixie`,
    ]);
    for (const image of images) expect(ImageName.isValid(`${image}@${LIST}`)).toBe(true);
    expect(Object.keys(RELEASES.digests).filter((name) => !images.includes(name))).toEqual([]);
  });
});
