// Builds Pebble in the cache, once, and prints where it lies. A program of its own, because Jest cannot load execa.
import { rename } from "node:fs/promises";
import { arch } from "node:os";
import { cachePath, contentHash, isCurrent, markCurrent } from "../../../../offline/cache";
import { OUTPUT, runGo } from "../../../../offline/go-builder";

const PROGRAM = "github.com/letsencrypt/pebble/v2/cmd/pebble";

async function build(): Promise<string> {
  const file = cachePath("bin", "pebble");
  const hash = contentHash([__dirname], arch());
  if (isCurrent(file, hash)) return file;
  const flags = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", `${OUTPUT}/pebble.unfinished`];
  await runGo({
    ...{ name: "pebble", folder: __dirname, modules: [], progress: () => {} },
    arguments: ["build", ...flags, PROGRAM],
  });
  await rename(cachePath("bin", "pebble.unfinished"), file);
  markCurrent(file, hash);
  return file;
}

void build().then((file) => console.log(file));
