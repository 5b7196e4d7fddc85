// A server on this machine for one page and one run: hands out the bundle under strict headers, and takes results in.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import type { Result } from "../case.ts";
import type { Report } from "../report.ts";
import type { Bundle } from "./bundle.ts";
import type { PageOptions } from "./page.ts";

export interface Served {
  readonly url: string;
  /** Resolves when the page has come to its end, rejects when it says that it could not. */
  readonly report: Promise<Report>;
  /** Milliseconds since something came from the page. */
  sinceLast(): number;
  /** The id of the last result, or what else was last done. */
  lastDone(): string;
  close(): void;
}
interface ServeOptions {
  readonly isolated: boolean;
  readonly onResult?: ((result: Result) => void) | undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
};
/** As strict as a page with WebAssembly can be: nothing from elsewhere, no inline code, no eval. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self'",
  "worker-src 'self'",
  "img-src data:",
].join("; ");
const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export async function serve(files: Bundle, task: PageOptions, { isolated, onResult }: ServeOptions): Promise<Served> {
  const { promise: report, resolve, reject } = Promise.withResolvers<Report>();
  report.catch(() => {}); // who waits for it sees the error; nobody may be waiting yet
  let last = performance.now();
  let done = "the page was opened";
  const headers = { "Content-Security-Policy": POLICY, "Cache-Control": "no-store", ...(isolated ? ISOLATION : {}) };
  const posts: Readonly<Record<string, (body: never) => void>> = {
    "/results": (results: readonly Result[]) => {
      done = results.at(-1)?.id ?? done;
      results.forEach((r) => onResult?.(r));
    },
    "/report": resolve,
    "/error": (message: string) => reject(new Error(message)),
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    last = performance.now();
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (request.method === "POST" && posts[path]) {
      posts[path](JSON.parse(await bodyOf(request)) as never);
      response.writeHead(204).end();
      return;
    }
    if (path === "/task") {
      response.writeHead(200, { ...headers, "Content-Type": "application/json" }).end(JSON.stringify(task));
      return;
    }
    const name = path === "/" ? "index.html" : path.slice(1);
    const content = files.get(name);
    const type = TYPES[extname(name)] ?? "application/octet-stream";
    response.writeHead(content === undefined ? 404 : 200, { ...headers, "Content-Type": type }).end(content);
  };
  const server = createServer((request, response) => void answer(request, response).catch(reject));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    report,
    sinceLast: () => performance.now() - last,
    lastDone: () => done,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
