// The suite and one device as the files of a page, by Vite: what a user's own build would make of them.
import { existsSync } from "node:fs";
import { dirname, extname } from "node:path";
import { fileURLToPath } from "node:url";

/** Content by path, "index.html" among them. */
export type Bundle = ReadonlyMap<string, string | Uint8Array>;

/** Beside this file as TypeScript in the sources, as JavaScript in the package. */
const page = fileURLToPath(new URL(`./page${extname(import.meta.url)}`, import.meta.url));
const FROM_SOURCES = page.endsWith(".ts");

const html = (script: string): string => `<!doctype html>
<meta charset="utf-8">
<title>conformance</title>
<link rel="icon" href="data:,">
<script src="./watch.js"></script>
<script type="module" src="./${script}"></script>
`;

/** Before all else: tells what is thrown where nobody catches it. */
const WATCH = `const tell = (error) => fetch("error", { method: "POST", body: JSON.stringify("conformance: the page threw: " + (error?.message ?? error)) });
addEventListener("error", ({ error, message }) => tell(error ?? message));
addEventListener("unhandledrejection", ({ reason }) => tell(reason));
`;

/** @param module the device's file; what it imports is found from there. */
export async function bundle(module: string | URL): Promise<Bundle> {
  const device = module instanceof URL || module.startsWith("file:") ? fileURLToPath(module) : module;
  if (!existsSync(device)) throw new Error(`conformance: there is no file ${device} to take a device from`);
  const { build } = await import("vite");
  const built = await build({
    configFile: false,
    root: dirname(page),
    logLevel: "error",
    resolve: {
      alias: { "lamina:device": device },
      conditions: [...(FROM_SOURCES ? ["source"] : []), "module", "browser", "development|production"],
    },
    build: {
      write: false,
      target: "esnext",
      minify: false,
      modulePreload: false,
      assetsInlineLimit: 0,
      rolldownOptions: { input: page },
    },
  });
  const outputs = [built].flat().flatMap((result) => ("output" in result ? result.output : []));
  const files = new Map<string, string | Uint8Array>();
  for (const file of outputs) files.set(file.fileName, file.type === "chunk" ? file.code : file.source);
  const entry = outputs.find((file) => file.type === "chunk" && file.isEntry);
  if (!entry) throw new Error("conformance: the bundler made no page");
  return files.set("watch.js", WATCH).set("index.html", html(entry.fileName));
}
