// Lists folders in another order, as other file systems do.
const fs = require("node:fs");

const { readdirSync } = fs;
fs.readdirSync = (...given) => readdirSync(...given).reverse();
require("node:module").syncBuiltinESMExports();
