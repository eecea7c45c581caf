// How much a browser fetches, compressed; fails above what the page may weigh.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const FOLDER = new URL("../../src/nunatak/server/page", import.meta.url).pathname;
const MOST_KB = 400;

const files = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));
const weights = files.map((file) => [gzipSync(readFileSync(file)).length / 1024, file]);
const total = weights.reduce((sum, [weight]) => sum + weight, 0);
for (const [weight, file] of weights.sort((a, b) => b[0] - a[0])) {
  console.log(`${weight.toFixed(1).padStart(8)} KB  ${file.slice(FOLDER.length + 1)}`);
}
console.log(`${total.toFixed(1).padStart(8)} KB  in all, of at most ${MOST_KB} KB`);
if (files.length === 0 || total > MOST_KB) process.exitCode = 1;
