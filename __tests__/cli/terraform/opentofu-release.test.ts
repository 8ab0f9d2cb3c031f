import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downloadOpenTofu, openTofuArchive } from "../../../cli/terraform/opentofu-release";
import { RELEASES } from "../../../lib/values/releases";

const { version } = RELEASES.opentofu;
const ARCHIVE = `tofu_${version}_linux_amd64.tar.gz`;
const SUMS = `tofu_${version}_SHA256SUMS`;
const sha256 = (content: Buffer | string) => createHash("sha256").update(content).digest("hex");

/** An archive as the release has it: the program, and pages beside it. */
function packed(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "opentofu-packed-"));
  writeFileSync(join(folder, "tofu"), "#!/bin/sh\necho tofu\n", { mode: 0o755 });
  writeFileSync(join(folder, "LICENSE"), "MPL-2.0");
  execFileSync("tar", ["-czf", "archive", "LICENSE", "tofu"], { cwd: folder });
  return readFileSync(join(folder, "archive"));
}

describe("OpenTofu's release", () => {
  const archive = packed();
  const list = `${"0".repeat(64)}  tofu_${version}_linux_arm64.tar.gz\n${sha256(archive)}  ${ARCHIVE}\n`;
  let files: { [name: string]: Buffer | string };
  let failures: number;
  let file: string;
  const server = createServer((request, response) => {
    const content = files[request.url?.slice(1) ?? ""];
    if (failures-- > 0) response.destroy();
    else response.writeHead(content === undefined ? 404 : 200).end(content);
  });
  let address: string;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  beforeEach(() => {
    files = { [SUMS]: list, [ARCHIVE]: archive };
    failures = 0;
    file = join(mkdtempSync(join(tmpdir(), "opentofu-")), "bin", "opentofu");
  });

  const download = (sums = sha256(list), from = address) =>
    downloadOpenTofu(file, ARCHIVE, { version, address: from, sums }, [0, 0]);

  test("becomes a program in the cache, and nothing else stays there", async () => {
    expect(await download()).toBeUndefined();

    expect(execFileSync(file, { encoding: "utf8" })).toBe("tofu\n");
    expect(statSync(file).mode & 0o111).toBe(0o111);
    expect(readdirSync(join(file, ".."))).toEqual(["opentofu"]);
  });

  test("is fetched again after a broken connection", async () => {
    failures = 2;

    expect(await download()).toBeUndefined();
    expect(existsSync(file)).toBe(true);
  });

  test("with another list of checksums is refused", async () => {
    files[SUMS] = `${sha256("evil")}  ${ARCHIVE}\n`;
    files[ARCHIVE] = "evil";

    await expect(download()).rejects.toThrow(/^SHA256SUMS of OpenTofu .* is expected$/);
    expect(existsSync(file)).toBe(false);
  });

  test.each([
    ["another archive", (): void => void (files[ARCHIVE] = "evil")],
    ["half an archive", (): void => void (files[ARCHIVE] = archive.subarray(0, 40))],
  ])("with %s is refused", async (_case, change) => {
    change();

    await expect(download()).rejects.toThrow(`${ARCHIVE} of OpenTofu ${version} has the SHA-256 `);
    expect(existsSync(file)).toBe(false);
  });

  test("without an archive in the list of checksums is refused", async () => {
    const short = list.split("\n")[0] ?? "";
    files[SUMS] = short;

    await expect(download(sha256(short))).rejects.toThrow("and no other is expected");
  });

  test("that cannot be reached is no error, because OpenTofu can be built", async () => {
    expect(await download(undefined, "http://127.0.0.1:9")).toMatch(
      /^http:\/\/127\.0\.0\.1:9\/.*: .*(ECONNREFUSED|bad port)/,
    );
    files = {};
    expect(await download()).toBe(`${address}/${SUMS} answers 404`);
    expect(existsSync(file)).toBe(false);
  });

  test.each([
    ["linux", "x64", ARCHIVE],
    ["linux", "arm64", `tofu_${version}_linux_arm64.tar.gz`],
    ["darwin", "arm64", `tofu_${version}_darwin_arm64.tar.gz`],
    ["win32", "x64", undefined],
    ["linux", "riscv64", undefined],
  ])("for %s on %s is %s", (system, processor, name) => {
    expect(openTofuArchive(system, processor)).toBe(name);
  });
});
