// Everything that is published, from a real registry, as its users have it: installed by name with npm into empty projects, and used there.
import { cpSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import * as esbuild from "esbuild";
import type { Browser } from "playwright-core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import * as vite from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, titleOf } from "./browser.ts";
import { outcomeOf, run } from "./command.ts";
import { isAtLeast, nodes } from "./nodes.ts";
import { makeProject, type Project, removeProjects } from "./project.ts";
import { published, root } from "./published.ts";
import { publishAll, type Registry, startRegistry, tarballOf } from "./registry.ts";

const MINUTES = 60_000;
const require = createRequire(import.meta.url);
const programOf = (name: string, file: string) => join(dirname(require.resolve(`${name}/package.json`)), file);
const newest = nodes[0].path; // the one that runs this
const here = (text: string, absent: string | undefined) => (absent ? `${text} (ABSENT: ${absent})` : text);

const packageOf = (name: string) => createPackageFromTarballData(new Uint8Array(tarballOf(name)));

let registry: Registry;
/** Core, one device, networks and optimisers. */
let small: Project;
/** What of ours came with core and one device, before anything else was installed. */
let justTwo: string[];
/** All of it. */
let whole: Project;
beforeAll(async () => {
  registry = await startRegistry();
  await publishAll(registry);
  small = makeProject("small", registry);
  whole = makeProject("whole", registry);
  await small.install("@lamina/core", "@lamina/backend-wasm");
  justTwo = small.ours();
  await small.install("@lamina/models", "@lamina/train");
  await whole.install(...published.map(({ name }) => name), "@types/node@24");
  small.write("lenet.js", "node.js", "page.js", "device.js", "index.html", "bundled.html", "plain.html");
  whole.write("imports.js", "loader.js", "everything.ts", "web.ts");
}, 5 * MINUTES);
afterAll(() => {
  registry?.stop();
  removeProjects();
});

describe.each(published)("$name, as it lies in the registry", ({ name, exports }) => {
  test("publint finds nothing", async () => {
    const bytes = tarballOf(name);
    const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });
  // A command has nothing to import.
  test.skipIf(!exports)("attw finds nothing wrong for whoever imports it as a module", async () => {
    const analysis = await checkPackage(packageOf(name));
    const problems = "problems" in analysis ? analysis.problems : [];
    // attw's profile "esm-only": require() and resolution without "exports" are no way to these packages
    const esm = problems.filter((p) => !("resolutionKind" in p && /^(node10|node16-cjs)$/.test(p.resolutionKind)));
    expect(analysis.types).toBeTruthy();
    expect(esm).toEqual([]);
  });
  test("lets npm keep one version of ours: it asks for a range, not for one version", () => {
    const manifest = JSON.parse(packageOf(name).readFile(`/node_modules/${name}/package.json`));
    const wanted = Object.entries<string>({ ...manifest.dependencies, ...manifest.peerDependencies });
    const ours = wanted.filter(([dependency]) => dependency.startsWith("@lamina/"));
    expect(ours.filter(([, range]) => !range.startsWith("^"))).toEqual([]);
  });
  test("has a README and a licence", () => {
    const paths = packageOf(name).listFiles();
    const has = (file: string) => paths.some((path) => path.endsWith(`/${name}/${file}`));
    expect(["README.md", "LICENSE"].filter((file) => !has(file))).toEqual([]);
  });
});

test("every size is within its limit", async () => {
  const limits = programOf("size-limit", "bin.js");
  const { code, stdout, output } = await outcomeOf(newest, [limits, "--json"], join(root, "tools", "registry"));
  if (!stdout) throw new Error(output);
  const sizes: { name: string; passed: boolean; size: number; sizeLimit: number }[] = JSON.parse(stdout);
  const line = ({ name, size, sizeLimit }: (typeof sizes)[0]) =>
    `${name.padEnd(44)}${(size / 1000).toFixed(1).padStart(9)} kB of ${sizeLimit / 1000}`;
  console.log(sizes.map(line).join("\n"));
  expect(sizes.filter(({ passed }) => !passed).map(line)).toEqual([]);
  expect(code).toBe(0);
  for (const { name } of published) expect(sizes.map((row) => row.name)).toContain(`${name}, packed`);
});

describe.each(nodes)("Node $version", ({ path, version }) => {
  test("loads every package that says it can", async () => {
    const names = published.filter(({ exports, engines }) => exports && isAtLeast(version, engines!.node!));
    const paths = names.flatMap(({ name, exports }) => Object.keys(exports!).map((entry) => join(name, entry)));
    expect(paths.length).toBeGreaterThan(10);
    expect(await run(path, ["imports.js", ...paths], whole.folder)).toBe("loaded\n");
  });
  test("LeNet trains on the WebAssembly device", async () => {
    const losses = await trained(path);
    expect(losses).toHaveLength(5);
    expect(losses[4]).toBeLessThan(losses[0]);
  });
  test("a loader starts worker threads from the installed package", async () => {
    const batches = JSON.parse(await run(path, ["loader.js"], whole.folder));
    // the first eight labels of the test set
    expect(batches.map((batch: { labels: number[] }) => batch.labels)).toEqual([
      [9, 2, 1, 1],
      [6, 1, 4, 6],
    ]);
    expect(batches[0].shape).toEqual([4, 1, 28, 28]);
  });
});
const trained = async (node: string): Promise<number[]> => JSON.parse(await run(node, ["node.js"], small.folder));

describe("TypeScript, strict, its libraries checked too", () => {
  const STRICT = "--noEmit --strict --skipLibCheck false --noUncheckedIndexedAccess --target es2023".split(" ");
  const check = (file: string, ...options: string[]) =>
    outcomeOf(newest, [programOf("typescript", "bin/tsc"), ...STRICT, ...options, file], whole.folder);
  const node = ["--module", "nodenext", "--lib", "esnext"];
  const bundler = ["--module", "esnext", "--moduleResolution", "bundler", "--lib", "esnext,dom"];
  test.each([
    ["every package in a program for Node, without the DOM", "everything.ts", [...node, "--types", "node"]],
    ["core, networks and devices without types of any system", "web.ts", [...node, "--types", ""]],
    ["core, networks and devices in a program for browsers", "web.ts", [...bundler, "--types", ""]],
  ])("%s", async (_, file, options) => {
    expect((await check(file, ...options)).output).toBe("");
  });
  test("a wrong use is refused", async () => {
    await writeFile(join(whole.folder, "wrong.ts"), `import { randn } from "@lamina/core";\nrandn("three");\n`);
    expect((await check("wrong.ts", ...node)).output).toMatch(/wrong.ts\(2,7\): error TS/);
  });
});

describe("one device at a time", () => {
  const { LAMINA_ABSENT_TFJSNODE, LAMINA_ABSENT_VULKAN } = process.env;
  const expected = async () => (await trainedOn(small, "backend-wasm", "wasm")).losses;
  const trainedOn = async (project: Project, name: string, open: string, options = {}) =>
    JSON.parse(await run(newest, ["device.js", `@lamina/${name}`, open, JSON.stringify(options)], project.folder));

  test("WebAssembly: core and it, nothing else of ours", async () => {
    expect(justTwo).toEqual(["backend-wasm", "core"]);
    expect(await expected()).toHaveLength(4);
  });
  const devices = [
    { name: "backend-reference", open: "reference", peers: [], options: {}, absent: undefined },
    { name: "backend-webgpu", open: "webgpu", peers: ["webgpu"], options: {}, absent: LAMINA_ABSENT_VULKAN },
    { name: "backend-tfjs-node", open: "tfjsNode", peers: [], options: {}, absent: LAMINA_ABSENT_TFJSNODE },
    { name: "backend-gpujs", open: "gpujs", peers: ["gpu.js"], options: { mode: "cpu" }, absent: undefined },
  ];
  for (const { name, open, peers, options, absent } of devices)
    test.skipIf(absent)(
      here(`${name}: core and it, nothing else of ours; it learns what WebAssembly learns`, absent),
      { concurrent: true, timeout: 3 * MINUTES }, // npm mostly waits for the network
      async () => {
        const project = makeProject(name, registry);
        project.write("device.js");
        await project.install("@lamina/core", `@lamina/${name}`, ...peers);
        expect(project.ours()).toEqual([name, "core"]);
        const { losses } = await trainedOn(project, name, open, options);
        const wanted = await expected();
        losses.forEach((loss: number, i: number) => expect(loss).toBeCloseTo(wanted[i], 4));
      },
    );
});

describe("in a real Chromium", () => {
  const absent = process.env.LAMINA_ABSENT_CHROMIUM;
  const inChromium = (text: string, page: string, build?: () => Promise<unknown>) =>
    test.skipIf(absent)(
      here(text, absent),
      async () => {
        await build?.();
        expect(JSON.parse(await titleOf(browser, small.folder, page))).toEqual(await trained(newest));
      },
      3 * MINUTES,
    );
  let browser: Browser;
  beforeAll(async () => {
    if (!absent) browser = await launch(process.env.LAMINA_CHROMIUM);
  });
  afterAll(() => browser?.close());

  inChromium("Vite's build of LeNet gives Node's losses", "built/index.html", () =>
    vite.build({ root: small.folder, base: "./", configFile: false, logLevel: "error", build: { outDir: "built" } }),
  );
  inChromium("esbuild's bundle of LeNet gives Node's losses", "bundled.html", () => {
    const outfile = join(small.folder, "bundled.js");
    return esbuild.build({
      absWorkingDir: small.folder,
      entryPoints: ["page.js"],
      outfile,
      bundle: true,
      format: "esm",
      minify: true,
    });
  });
  inChromium("a script without a bundler gives Node's losses", "plain.html");
});

describe("commands", () => {
  const npx = (...args: string[]) => outcomeOf("npx", ["--no", "--", ...args], whole.folder);
  test("npx lamina --help, npx lamina summary lenet", async () => {
    expect((await npx("lamina", "--help")).stdout).toMatch(/Usage: lamina .*train.*summary/s);
    expect(await npx("lamina", "summary", "lenet")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("61,706"),
    });
  });
  test("npx @lamina/conformance judges the template of a backend", async () => {
    cpSync(join(root, "examples", "backend-template", "my-backend.js"), join(whole.folder, "my-backend.js"));
    const { code, output } = await npx("@lamina/conformance", "./my-backend.js", "--filter", "relu");
    expect(output).toMatch(/my-backend: [1-9]\d* passed, 0 failed/);
    expect(code).toBe(0);
  });
});
