// Where the graphics card is: `navigator.gpu` in browsers, Dawn (the npm package `webgpu`) in Node. What is missing is said
// together with the command that adds it.
import { lacksDriver, useSoftwareDriver } from "./software.ts";

/** Not written into the import, or bundlers would want to have it for pages, too. */
const DAWN: string = "webgpu";
/** Dawn's instance must stay reachable as long as its devices are used. */
let dawn: GPU | undefined;

const isNode = (): boolean => typeof process !== "undefined" && process.versions?.node !== undefined;

interface Dawn {
  create(flags: string[]): GPU;
}

/** Why the package cannot be used. */
export function dawnError(error: NodeJS.ErrnoException): Error {
  const text =
    error.code === "ERR_MODULE_NOT_FOUND"
      ? "webgpu: Node has no WebGPU of its own, and the package that brings it is not installed; run: npm install webgpu"
      : `webgpu: the package webgpu is installed but cannot be loaded here (${error.message}); it has builds for Linux, macOS and Windows on x64 and arm64, so reinstall it on this machine (npm install webgpu), or use another backend`;
  return new Error(text, { cause: error });
}

async function openDawn(): Promise<GPU> {
  const module: Dawn = await import(/* @vite-ignore */ DAWN).catch((error) => {
    throw dawnError(error);
  });
  if (lacksDriver()) useSoftwareDriver();
  return module.create([]);
}

async function findGpu(): Promise<GPU> {
  const inBrowser = globalThis.navigator?.gpu;
  if (inBrowser) return inBrowser;
  if (!isNode())
    throw new Error(
      "webgpu: this browser, or this page, has no navigator.gpu; it needs https:// or localhost, and Chrome or Edge 113, Safari 26 or Firefox 141, or use another backend",
    );
  return (dawn ??= await openDawn());
}

const noAdapter = (): string =>
  !isNode()
    ? "webgpu: the browser has WebGPU but gives no adapter; look at chrome://gpu for the reason (a blocked driver, or hardware acceleration switched off), or use another backend"
    : process.platform === "linux"
      ? "webgpu: Dawn found no graphics adapter; it needs the Vulkan loader and a driver: apt-get install libvulkan1 mesa-vulkan-drivers for a card, or libvulkan1 chromium for the one in software (SwiftShader) that needs no card"
      : "webgpu: Dawn found no graphics adapter; update the graphics driver, or use another backend";

/**
 * The adapter with this preference.
 * @throws if there is none, saying what is missing.
 */
export async function findAdapter(options: GPURequestAdapterOptions): Promise<GPUAdapter> {
  const adapter = await (await findGpu()).requestAdapter(options);
  if (adapter) return adapter;
  if (isNode() && useSoftwareDriver()) {
    dawn = undefined; // it has looked for drivers already
    const software = await (await findGpu()).requestAdapter(options);
    if (software) return software;
  }
  throw new Error(noAdapter());
}
