// Preloaded with --require: folders are listed in another order, as other file systems do.
const fs = process.getBuiltinModule("node:fs");
const { readdirSync } = fs;
fs.readdirSync = (...given) => readdirSync(...given).reverse();
process.getBuiltinModule("node:module").syncBuiltinESMExports();
