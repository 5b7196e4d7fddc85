// The device in pages as they are served: threads where the page is cross-origin isolated, the engine in a worker, and where
// something is refused one line that says so.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { type Browser, chromium } from "playwright-core";
import * as vite from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { wasm } from "../index.ts";
import { trained } from "./steps.child.ts";

const absent = process.env.LAMINA_ABSENT_CHROMIUM;
const page = fileURLToPath(new URL("page.child.ts", import.meta.url));
const conditions = ["source", "module", "browser"];

type Files = ReadonlyMap<string, string>;
async function byVite(): Promise<Files> {
  const built = await vite.build({
    configFile: false,
    root: fileURLToPath(new URL(".", import.meta.url)),
    logLevel: "error",
    resolve: { conditions },
    build: {
      write: false,
      target: "esnext",
      modulePreload: false,
      rolldownOptions: { input: page, output: { entryFileNames: "page.js" } },
    },
  });
  const outputs = [built].flat().flatMap((result) => ("output" in result ? result.output : []));
  return new Map(outputs.map((file) => [file.fileName, "code" in file ? file.code : String(file.source)]));
}
async function byEsbuild(): Promise<Files> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [page],
    bundle: true,
    minify: true,
    format: "esm",
    conditions,
    write: false,
  });
  return new Map([["page.js", outputFiles[0].text]]);
}

const STRICT = { "Content-Security-Policy": "script-src 'self' 'wasm-unsafe-eval'" };
const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

interface Seen {
  readonly losses: number[];
  readonly details: object;
  readonly longest: number;
  /** Warnings and errors on the console. */
  readonly lines: string[];
}
let browser: Browser;
async function visit(files: Files, headers: Readonly<Record<string, string>>, options: object): Promise<Seen> {
  const server = createServer((request, response) => {
    const name = new URL(request.url!, "http://page").pathname.slice(1);
    if (name === "favicon.ico") return void response.writeHead(204).end();
    const content = name === "" ? `<!doctype html><script type="module" src="./page.js"></script>` : files.get(name);
    const type = extname(name) === ".js" ? "text/javascript" : "text/html";
    response.writeHead(content === undefined ? 404 : 200, { "Content-Type": type, ...headers }).end(content);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const tab = await browser.newPage();
  try {
    const lines: string[] = [];
    const errors: string[] = [];
    tab.on("console", (message) => {
      if (["warning", "error"].includes(message.type())) lines.push(`${message.type()}: ${message.text()}`);
    });
    tab.on("pageerror", ({ message }) => errors.push(message));
    const { port } = server.address() as AddressInfo;
    await tab.goto(`http://127.0.0.1:${port}/#${encodeURIComponent(JSON.stringify(options))}`);
    while (!(await tab.title()) && errors.length === 0) await new Promise((go) => setTimeout(go, 50));
    expect(errors).toEqual([]);
    return { ...JSON.parse(await tab.title()), lines };
  } finally {
    await tab.close();
    server.close();
    server.closeAllConnections();
  }
}

const NOT_ISOLATED =
  "warning: @lamina/backend-wasm runs on one thread: this page is not cross-origin isolated; serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";

describe.skipIf(absent)(`in Chromium${absent ? ` (ABSENT: ${absent})` : ""}`, () => {
  let [built, bundled]: Files[] = [];
  let losses: number[];
  beforeAll(async () => {
    const { LAMINA_CHROMIUM: executablePath } = process.env;
    browser = await chromium.launch({
      ...(executablePath ? { executablePath } : { channel: "chrome" }),
      chromiumSandbox: false,
    });
    [built, bundled] = [await byVite(), await byEsbuild()];
    const device = await wasm({ threads: 1 });
    losses = await trained(device, 6);
    await device.close();
  });
  afterAll(() => browser?.close());

  test("an isolated page with a strict policy: two threads and a worker, Node's losses, not a word", async () => {
    const seen = await visit(built, { ...STRICT, ...ISOLATED }, { threads: 2 });
    expect(seen).toMatchObject({ losses, details: { threads: 2, worker: true }, lines: [] });
    console.log(`the main thread was held for ${seen.longest.toFixed(0)} ms at most`);
  });
  test("a page that is not isolated: one thread, still in a worker, and one line for two devices", async () => {
    const seen = await visit(built, STRICT, { threads: 2 });
    expect(seen).toMatchObject({ losses, details: { threads: 1, worker: true }, lines: [NOT_ISOLATED] });
  });
  test("a bundle without files: the worker's program is text", async () => {
    const seen = await visit(bundled, ISOLATED, { threads: 2 });
    expect(seen).toMatchObject({ losses, details: { threads: 2, worker: true }, lines: [] });
  });
  test("a bundle without files and a policy that refuses text: on the main thread, and one line", async () => {
    const seen = await visit(bundled, STRICT, { threads: 1 });
    expect(seen).toMatchObject({ losses, details: { threads: 1, worker: false } });
    // the others are the browser's own, of what it refused
    expect(seen.lines.filter((line) => line.includes("@lamina"))).toEqual([
      "warning: @lamina/backend-wasm runs on the page's main thread: this page's Content-Security-Policy, or its bundler, lets no worker start",
    ]);
  });
  test("one thread, on the main thread, where the user wants that: not a word", async () => {
    const seen = await visit(built, STRICT, { threads: 1, worker: false });
    expect(seen).toMatchObject({ losses, details: { threads: 1, worker: false }, lines: [] });
  });
});
