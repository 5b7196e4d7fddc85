// A folder as a web site on this machine, and a real Chromium that looks at its pages.
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { type Browser, chromium } from "playwright-core";

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };
const PATIENCE_MS = 120_000;

/** @param executablePath of a Chrome or Chromium */
export const launch = (executablePath: string | undefined): Promise<Browser> =>
  chromium.launch({ ...(executablePath ? { executablePath } : { channel: "chrome" }), chromiumSandbox: false });

/**
 * What the page at `path` of the site says in the end, by `document.title`.
 * @throws if anything on the page throws, or nothing comes
 */
export async function titleOf(browser: Browser, folder: string, path: string): Promise<string> {
  const server = createServer((request, response) => {
    const file = join(folder, normalize(new URL(request.url!, "http://site").pathname));
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const page = await browser.newPage();
  try {
    const errors: string[] = [];
    page.on("pageerror", ({ message }) => errors.push(message));
    page.on("requestfailed", (request) => errors.push(`${request.url()} failed`));
    page.on("response", (response) => {
      if (!response.ok()) errors.push(`${response.url()}: ${response.status()}`);
    });
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`);
    await page
      .waitForFunction("document.title !== ''", undefined, { timeout: PATIENCE_MS })
      .catch((error: Error) => errors.push(error.message));
    if (errors.length) throw new Error(`${path}: ${errors.join("; ")}`);
    return await page.title();
  } finally {
    await page.close();
    server.close();
    server.closeAllConnections();
  }
}
