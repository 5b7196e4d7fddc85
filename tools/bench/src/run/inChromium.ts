// One process: a page in Chromium, on a renderer that is the CPU, does what it is told; prints the page's lines.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "@lamina/conformance/browser";
import { build } from "vite";
import { MODULES, type Task } from "./task.ts";

const task = JSON.parse(process.argv[2]) as Task;
const here = dirname(fileURLToPath(import.meta.url));

/** Shared memory and exact clocks need an isolated page. */
const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

async function bundle(): Promise<Map<string, string | Uint8Array>> {
  const built = await build({
    configFile: false,
    root: here,
    logLevel: "error",
    resolve: {
      alias: {
        "bench:contender": join(here, `../contenders/${task.peer}.ts`),
        "bench:modules": task.folder ? join(task.folder, MODULES) : join(here, "noModules.ts"),
      },
      conditions: ["source", "module", "browser", "production"],
    },
    build: {
      write: false,
      target: "esnext",
      minify: false,
      modulePreload: false,
      rolldownOptions: { input: join(here, "inPage.ts") },
    },
  });
  const outputs = [built].flat().flatMap((result) => ("output" in result ? result.output : []));
  const files = new Map<string, string | Uint8Array>();
  for (const file of outputs) files.set(file.fileName, file.type === "chunk" ? file.code : file.source);
  const entry = outputs.find((file) => file.type === "chunk" && file.isEntry);
  return files.set(
    "",
    `<!doctype html><link rel="icon" href="data:,"><script type="module" src="./${entry!.fileName}"></script>`,
  );
}

const files = await bundle();
const { promise: end, resolve, reject } = Promise.withResolvers<void>();
const server = createServer(async (request, response) => {
  const path = (request.url ?? "/").slice(1);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  if (path === "line") console.log(body);
  if (path === "end") body === '""' ? resolve() : reject(new Error(JSON.parse(body)));
  const content = path === "task" ? JSON.stringify(task) : (files.get(path) ?? "");
  const type = path === "" ? "text/html" : path.endsWith(".js") ? "text/javascript" : "application/octet-stream";
  response.writeHead(200, { ...ISOLATION, "Content-Type": type }).end(content);
});
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const browser = await launch("chromium");
const { failure } = await browser.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
try {
  await Promise.race([end, failure]);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
await browser.close();
server.close();
server.closeAllConnections();
