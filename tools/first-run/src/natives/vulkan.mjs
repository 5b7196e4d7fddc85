// What Dawn, the WebGPU of Node, computes with on Linux: the Vulkan loader and a driver. Where no driver of a graphics card
// is installed, Chromium's own SwiftShader is one that computes on the CPU. macOS and Windows bring what Dawn needs.
import { existsSync, readdirSync } from "node:fs";
import { aptInstall } from "./apt.mjs";

const LOADERS = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"].map(
  (folder) => `${folder}/libvulkan.so.1`,
);
/** Where the loader looks for drivers by itself. */
const DRIVERS = ["/etc/vulkan/icd.d", "/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];
/** SwiftShader as Debian's Chromium brings it. */
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Mesa installs drivers for all cards at once, and one for none that compiles slowly: so there must be a card as well. */
const hasCard = () => existsSync("/dev/dri") || existsSync("/dev/nvidia0") || existsSync("/dev/dxg");

const hasOwnDriver = () =>
  process.env.VK_ICD_FILENAMES !== undefined ||
  process.env.VK_DRIVER_FILES !== undefined ||
  (hasCard() && hasDrivers());
const hasDrivers = () =>
  DRIVERS.some((folder) => existsSync(folder) && readdirSync(folder).some((file) => file.endsWith(".json")));

/** @type {import("./index.mjs").Native} */
export const vulkan = {
  purpose: "webgpu in Node",
  /** @returns {import("./index.mjs").Found} */
  find() {
    if (process.platform !== "linux") return { env: {} };
    if (!LOADERS.some((file) => existsSync(file)))
      return { absent: "the Vulkan loader, libvulkan.so.1, was not found; apt-get install libvulkan1" };
    if (hasOwnDriver()) return { env: {} };
    if (existsSync(SWIFTSHADER)) return { env: { VK_ICD_FILENAMES: SWIFTSHADER } };
    return {
      absent: "there is no Vulkan driver; install your graphics card's, or apt-get install chromium for one on the CPU",
    };
  },
  install: (place) => aptInstall(place, ["libvulkan1", ...(hasOwnDriver() ? [] : ["chromium"])]),
};
