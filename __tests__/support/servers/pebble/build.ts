// Builds Pebble in the cache, once, and prints where it lies. A program of its own, because Jest cannot load execa.
import { GoProgram } from "../../../../offline/go-program";

const PEBBLE = new GoProgram("pebble", "github.com/letsencrypt/pebble/v2/cmd/pebble", [], [], [], __dirname);

void PEBBLE.build(() => {}).then(() => console.log(PEBBLE.file));
