// What is said where there is no WebGPU: each thing that can be missing, with what would add it.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, expect, test, vi } from "vitest";
import { dawnError, findAdapter } from "./adapter.ts";

afterEach(() => void vi.unstubAllGlobals());

const browser = (gpu: unknown) => {
  vi.stubGlobal("navigator", { gpu });
  vi.stubGlobal("process", undefined);
};

test("a browser without WebGPU", async () => {
  browser(undefined);
  await expect(findAdapter({})).rejects.toThrow(
    "webgpu: this browser, or this page, has no navigator.gpu; it needs https:// or localhost, and Chrome or Edge 113, Safari 26 or Firefox 141, or use another backend",
  );
});
test("a browser that has WebGPU and no adapter", async () => {
  browser({ requestAdapter: async () => null });
  await expect(findAdapter({})).rejects.toThrow(
    "webgpu: the browser has WebGPU but gives no adapter; look at chrome://gpu for the reason (a blocked driver, or hardware acceleration switched off), or use another backend",
  );
});
test("the browser's own WebGPU comes first, and is asked for what the user wants", async () => {
  const adapter = {};
  const requestAdapter = vi.fn(async () => adapter);
  browser({ requestAdapter });
  expect(await findAdapter({ powerPreference: "low-power" })).toBe(adapter);
  expect(requestAdapter).toHaveBeenCalledWith({ powerPreference: "low-power" });
});
test("Node without the package webgpu, or with one that does not load", () => {
  const missing = Object.assign(new Error("Cannot find package 'webgpu'"), { code: "ERR_MODULE_NOT_FOUND" });
  expect(dawnError(missing).message).toBe(
    "webgpu: Node has no WebGPU of its own, and the package that brings it is not installed; run: npm install webgpu",
  );
  expect(dawnError(new Error("GLIBC_2.35 not found")).message).toMatch(
    /^webgpu: the package webgpu is installed but cannot be loaded here \(GLIBC_2.35 not found\); .* reinstall it/,
  );
});
test.runIf(process.platform === "linux")("Node with a Vulkan driver that does not exist", async () => {
  const code = `import { dawnError, findAdapter } from "${new URL("./adapter.ts", import.meta.url)}"; await findAdapter({}).catch((e) => console.log(e.message));`;
  const env = { ...process.env, VK_ICD_FILENAMES: "/none.json", VK_DRIVER_FILES: "/none.json" };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], { env });
  expect(stdout.trim()).toBe(
    "webgpu: Dawn found no graphics adapter; it needs the Vulkan loader and a driver: apt-get install libvulkan1 mesa-vulkan-drivers for a card, or libvulkan1 chromium for the one in software (SwiftShader) that needs no card",
  );
});
