// On a page in Chromium, whose policy allows scripts of its own origin and WebAssembly and no eval: loaders with workers, files that
// a user chooses, pictures in every form a browser has, LeNet trained on them, and its curves while it trains.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { DataLoader, FashionMNIST } from "@lamina/data";
import { decode, encode } from "fast-png";
import { type Browser, chromium, type Page as Tab } from "playwright-core";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digests } from "./digests.ts";
import type { Page } from "./page.ts";
import { augmented } from "./pictures.ts";

const absent = process.env.LAMINA_ABSENT_CHROMIUM;
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'; img-src 'self' data:";
const html = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<input type="file" id="files" webkitdirectory multiple><div id="plot"></div><script type="module" src="./page.ts"></script>`;

let folder: string;
let browser: Browser;
let server: PreviewServer;
let tab: Tab;
const faults: string[] = [];

/** An IDX file of bytes. */
function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  head.setUint32(0, 0x0800 + shape.length);
  shape.forEach((n, i) => void head.setUint32(4 + 4 * i, n));
  return Buffer.concat([new Uint8Array(head.buffer), data]);
}
/** Served beside the page: 72 pictures as the original files, one as a PNG; and a folder that a user has on his disk. */
async function writeData(site: string, disk: string): Promise<void> {
  const { images, labels, classes } = await FashionMNIST.load({ train: false });
  await mkdir(join(site, "pictures"), { recursive: true });
  const packed = gzipSync(idx([72, 28, 28], images.subarray(0, 72 * 784)));
  await writeFile(join(site, "pictures/t10k-images-idx3-ubyte.gz"), packed);
  await writeFile(join(site, "pictures/t10k-labels-idx1-ubyte"), idx([72], labels.subarray(0, 72)));
  const png = (i: number) =>
    encode({ width: 28, height: 28, channels: 1, depth: 8, data: images.subarray(i * 784, (i + 1) * 784) });
  await writeFile(join(site, "boot.png"), png(0));
  const [boot, trouser] = [classes.indexOf("Ankle boot"), classes.indexOf("Trouser")];
  for (const [name, label] of [
    ["boot", boot],
    ["trouser/deep", trouser],
  ] as const) {
    await mkdir(join(disk, name), { recursive: true });
    const some = Array.from(labels.keys())
      .filter((i) => labels[i] === label)
      .slice(0, 20);
    await Promise.all(some.map((i) => writeFile(join(disk, name, `${i}.png`), png(i))));
  }
  await writeFile(join(disk, "boot/broken.png"), "no picture");
}

beforeAll(async () => {
  if (absent) return;
  folder = await mkdtemp(join(tmpdir(), "lamina-pages-"));
  await writeData(join(folder, "public"), join(folder, "disk"));
  const root = fileURLToPath(new URL(".", import.meta.url));
  const entry = join(root, "index.html");
  const common = { configFile: false, root, logLevel: "error", appType: "mpa" } as const;
  await build({
    ...common,
    publicDir: join(folder, "public"),
    resolve: { conditions: ["source", "module", "browser", "development|production"] },
    plugins: [
      {
        name: "html",
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) => (id === entry ? html : undefined),
      },
    ],
    worker: { format: "es" },
    build: {
      target: "esnext",
      outDir: join(folder, "dist"),
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: false,
    },
  });
  const outDir = join(folder, "dist");
  server = await preview({
    ...common,
    build: { outDir },
    preview: { port: 0, headers: { "Content-Security-Policy": POLICY } },
  });
  browser = await chromium.launch({ executablePath: process.env.LAMINA_CHROMIUM, chromiumSandbox: false });
  tab = await browser.newPage();
  tab.on("pageerror", (error) => void faults.push(error.message));
  tab.on("console", (message) => void (message.type() === "error" && faults.push(message.text())));
  await tab.goto(server.resolvedUrls!.local[0]);
  await tab.waitForFunction(() => document.title === "ready");
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await server?.close();
  if (folder) await rm(folder, { recursive: true });
});

describe.skipIf(absent)(absent ? `on a page (absent: ${absent})` : "on a page in Chromium", () => {
  test("a loader with workers gives the same batches in the same order as without, and as in Node", async () => {
    const inPage = (workers: number) =>
      tab.evaluate((n) => (globalThis as unknown as { page: Page }).page.batches(n), workers);
    const node = new DataLoader(await augmented(join(folder, "public/pictures")), {
      batchSize: 16,
      shuffle: true,
      seed: 7,
    });
    const expected = [...(await digests(node)), ...(await digests(node))];
    expect(expected).toHaveLength(10);
    for (const workers of [0, 1, 3]) expect(await inPage(workers)).toEqual(expected);
  });
  test("a picture from a URL, a Blob, a File, its bytes and an ImageBitmap: the bytes that were drawn", async () => {
    const forms = await tab.evaluate(() => (globalThis as unknown as { page: Page }).page.forms());
    const { data } = decode(await readFile(join(folder, "public/boot.png")));
    expect(forms).toEqual(Array(6).fill([1, 28, 28, ...data]));
    expect(await tab.evaluate(() => (globalThis as unknown as { page: Page }).page.missing())).toMatch(
      /^decodeImage: http.*none\.png cannot be fetched \(the server answers 404\); check the address$/,
    );
    expect(await tab.evaluate(() => (globalThis as unknown as { page: Page }).page.noPicture())).toMatch(
      /^decodeImage: 3 bytes are no picture that this browser knows \(.+\); try PNG or JPEG$/,
    );
    faults.length = 0; // the browser reports the missing file, too
  });
  test("ImageFolder of a folder that the user chooses: classes are its folders, a bad file is left out", async () => {
    await tab.setInputFiles("#files", join(folder, "disk"));
    const found = await tab.evaluate(() => (globalThis as unknown as { page: Page }).page.folder());
    expect(found.classes).toEqual(["boot", "trouser"]);
    expect(found.paths).toHaveLength(41);
    expect(found.skipped).toEqual(["disk/boot/broken.png"]);
    const sizes = found.batches.map((b) => b.split(" ")[0]);
    expect(sizes).toEqual([8, 8, 7, 8, 8, 1].map((n) => `[${n},3,28,28]`));
  });
  test("LeNet learns on those files, and its curves are drawn as it does", async () => {
    await tab.setInputFiles("#files", join(folder, "disk"));
    const losses = await tab.evaluate(() => (globalThis as unknown as { page: Page }).page.train(10));
    expect(losses.length).toBe(50);
    expect(losses.at(-1)).toBeLessThan(0.1);
    const names = await tab.locator("#plot svg text").allTextContents();
    for (const name of ["LeNet on chosen files", "loss of a step", "train loss", "test accuracy", "epoch"])
      expect(names).toContain(name);
    expect(await tab.locator("#plot svg path[stroke-opacity]").first().getAttribute("d")).toMatch(/^M(.*?L){20,}/);
    const picture = decode(await tab.locator("#plot svg").screenshot({ path: process.env.LAMINA_SCREENSHOT }));
    const drawn = new Set<string>();
    for (let i = 0; i < picture.data.length; i += picture.channels) drawn.add(picture.data.slice(i, i + 3).join());
    // the colours of the five curves are in the picture
    for (const color of ["31,95,168", "181,65,156", "42,138,67", "200,100,27"]) expect(drawn).toContain(color);
  });
  test("nothing was refused by the page's policy, and nothing failed unseen", () => {
    expect(faults).toEqual([]);
  });
});
