// A Vulkan driver that needs no graphics card: the SwiftShader which Chromium brings along. Slow, but it computes what a card
// computes, so a machine without one can run and test everything. It is used only where the system has no other driver.

/** Where Chromium's packages and Playwright's keep it. */
const places = ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome", "/usr/lib64/chromium-browser"];

/** Tells the Vulkan loader about it. False if the user has chosen a driver, or if there is none. */
export function useSoftwareDriver(): boolean {
  const { env, platform } = process;
  if (platform !== "linux" || env.VK_ICD_FILENAMES || env.VK_DRIVER_FILES) return false;
  const { existsSync } = process.getBuiltinModule("node:fs");
  const found = places.map((place) => `${place}/vk_swiftshader_icd.json`).find((file) => existsSync(file));
  if (!found) return false;
  env.VK_DRIVER_FILES = found;
  env.VK_ICD_FILENAMES = found; // what loaders before 1.3.207 read
  return true;
}
