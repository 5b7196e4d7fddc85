// One process: a page in Chromium, on a renderer that is the CPU, does what it is told; prints the page's lines.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "@lamina/conformance/browser";
import { bundle, ISOLATION, typeOf } from "./bundle.ts";
import { MODULES, type Task } from "./task.ts";

const task = JSON.parse(process.argv[2]) as Task;
const here = dirname(fileURLToPath(import.meta.url));

const files = await bundle("inPage.ts", {
  "bench:contender": join(here, `../contenders/${task.peer}.ts`),
  "bench:modules": task.folder ? join(task.folder, MODULES) : join(here, "noModules.ts"),
});
const { promise: end, resolve, reject } = Promise.withResolvers<void>();
const server = createServer(async (request, response) => {
  const path = (request.url ?? "/").slice(1);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  if (path === "line") console.log(body);
  if (path === "end") body === '""' ? resolve() : reject(new Error(JSON.parse(body)));
  const content = path === "task" ? JSON.stringify(task) : (files.get(path) ?? "");
  response.writeHead(200, { ...ISOLATION, "Content-Type": typeOf(path) }).end(content);
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
