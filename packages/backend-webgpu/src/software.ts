// A Vulkan driver that needs no graphics card: the SwiftShader which Chromium brings along. Slow, but it computes what a card
// computes, so a machine without one can run and test everything. It is used only where the system has no other driver.

/** Where the loader looks for drivers by itself. */
const DRIVERS = ["/etc/vulkan/icd.d", "/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];
/** Where packages of Chromium and Chrome keep SwiftShader. */
const BROWSERS = [
  "/usr/lib/chromium",
  "/usr/lib/chromium-browser",
  "/usr/lib64/chromium-browser",
  "/opt/google/chrome",
];

const files = () => process.getBuiltinModule("node:fs");

/** Whether this is a system on which the loader has nothing to find. */
export function lacksDriver(): boolean {
  const { existsSync, readdirSync } = files();
  if (process.platform !== "linux" || isChosen()) return false;
  return !DRIVERS.some((folder) => existsSync(folder) && readdirSync(folder).some((file) => file.endsWith(".json")));
}
const isChosen = (): boolean => process.env.VK_ICD_FILENAMES !== undefined || process.env.VK_DRIVER_FILES !== undefined;

/** Tells the Vulkan loader about SwiftShader. False if the user has chosen a driver, or if there is none. */
export function useSoftwareDriver(): boolean {
  if (process.platform !== "linux" || isChosen()) return false;
  const found = BROWSERS.map((place) => `${place}/vk_swiftshader_icd.json`).find((file) => files().existsSync(file));
  if (!found) return false;
  process.env.VK_DRIVER_FILES = found;
  process.env.VK_ICD_FILENAMES = found; // what loaders before 1.3.207 read
  return true;
}
