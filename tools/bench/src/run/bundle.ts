// A page's files, from the sources, by Vite: what its script needs, as names and contents. "" is the page itself.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const here = dirname(fileURLToPath(import.meta.url));
export type Files = Map<string, string | Uint8Array>;

/** Shared memory and exact clocks need an isolated page. */
export const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
export const typeOf = (path: string): string =>
  path === "" ? "text/html" : path.endsWith(".js") ? "text/javascript" : "application/octet-stream";

/** @param entry a file in this folder */
export async function bundle(entry: string, alias: Readonly<Record<string, string>> = {}): Promise<Files> {
  const built = await build({
    configFile: false,
    root: here,
    logLevel: "error",
    resolve: { alias, conditions: ["source", "module", "browser", "production"] },
    worker: { format: "es" },
    build: {
      write: false,
      target: "esnext",
      minify: false,
      modulePreload: false,
      rolldownOptions: { input: join(here, entry) },
    },
  });
  const outputs = [built].flat().flatMap((result) => ("output" in result ? result.output : []));
  const files: Files = new Map();
  for (const file of outputs) files.set(file.fileName, file.type === "chunk" ? file.code : file.source);
  const script = outputs.find((file) => file.type === "chunk" && file.isEntry);
  return files.set(
    "",
    `<!doctype html><link rel="icon" href="data:,"><script type="module" src="./${script!.fileName}"></script>`,
  );
}
