// `node tools/bundle/src/main.ts [package…]`: the code of packages that are loaded at every start, one file an entry, where tsc has put
// their types. Node takes a millisecond for each file that it loads: with 220 of them a first prediction took 240 ms, with 8 it takes 150.
// Without names: all of them.
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const root = fileURLToPath(new URL("../../../", import.meta.url));

interface Bundled {
  readonly folder: string;
  /** Programs of workers, which lie beside the code: by the name under which it looks for them. */
  readonly workers?: Readonly<Record<string, string>>;
  /** The same for pages: with all that they import, since a page's import map does not hold in its workers. */
  readonly pageWorkers?: Readonly<Record<string, string>>;
}
const bundled: Readonly<Record<string, Bundled>> = {
  core: { folder: "packages/core" },
  "backend-wasm": { folder: "packages/backend-wasm", pageWorkers: { worker: "src/engine/worker.ts" } },
  models: { folder: "packages/models" },
  data: { folder: "packages/data", workers: { "portable.worker": "src/workers/portable.worker.ts" } },
  train: { folder: "packages/train" },
  devices: { folder: "packages/devices" },
  cli: { folder: "apps/cli" },
};

interface Manifest {
  readonly exports?: Readonly<Record<string, { readonly source: string; readonly default: string }>>;
  readonly bin?: Readonly<Record<string, string>>;
}
/** Output without its extension -> source, of everything that users import or run. */
function entriesOf({ exports = {}, bin = {} }: Manifest): Record<string, string> {
  const entries = Object.values(exports).map(({ source, default: file }) => [file, source]);
  const commands = Object.values(bin).map((file) => [file, file.replace("dist", "src").replace(/js$/, "ts")]);
  return Object.fromEntries(
    [...entries, ...commands].map(([file, source]) => [file.replace(/^\.\/dist\/|\.js$/g, ""), source]),
  );
}

async function bundle(name: string): Promise<void> {
  if (!(name in bundled))
    throw new Error(`bundle: there is no package ${name} to bundle; there are ${Object.keys(bundled).join(", ")}`);
  const { folder: place, workers, pageWorkers } = bundled[name];
  const folder = join(root, place);
  const dist = join(folder, "dist");
  for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" }))
    if (/\.js(\.map)?$/.test(file)) rmSync(join(dist, file)); // of a build before
  const entries = entriesOf(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
  await write(folder, { ...entries, ...workers }, /^[^./]/); // packages, and what Node has, are not part of it
  if (pageWorkers) await write(folder, pageWorkers);
}
const write = (folder: string, input: Record<string, string>, external?: RegExp) =>
  build({
    cwd: folder,
    input,
    external,
    resolve: { conditionNames: ["source", "import", "default"] },
    platform: "neutral",
    logLevel: "warn",
    output: {
      dir: join(folder, "dist"),
      entryFileNames: "[name].js",
      chunkFileNames: "[name].js", // what two entries share, or an `import()` brings
      comments: { jsdoc: false }, // the types have them
      sourcemap: true,
    },
  });

const names = process.argv.slice(2);
await Promise.all((names.length > 0 ? names : Object.keys(bundled)).map(bundle));
