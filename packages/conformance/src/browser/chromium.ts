// Starts a Chromium without a window, whose graphics card is SwiftShader: a renderer on the CPU that gives the same numbers everywhere.
import type { Browser } from "./launch.ts";

/** WebGPU and WebGL on the CPU; each flag was needed on Debian's Chromium 156. */
const FLAGS = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--disable-background-networking",
  "--disable-component-update",
];

/** By Playwright. @throws where there is none, saying how to name one. */
export async function launchChromium(executablePath: string | undefined): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  const which = executablePath ? { executablePath } : { channel: "chrome" };
  const browser = await chromium.launch({ ...which, args: FLAGS, chromiumSandbox: false }).catch((error: Error) => {
    const reason = error.message.split("\n")[0];
    throw new Error(`no browser started (${reason}); set LAMINA_CHROMIUM to a Chrome's or Chromium's executable`);
  });
  return {
    version: `Chromium ${browser.version()}`,
    async open(url) {
      const page = await browser.newPage();
      const failure = new Promise<never>((_, reject) => {
        page.on("crash", () => reject(new Error("conformance: the page crashed, perhaps for lack of memory")));
        page.on("console", (message) => {
          if (message.type() === "error") reject(new Error(`conformance: the page says: ${message.text()}`));
        });
      });
      failure.catch(() => {});
      await page.goto(url);
      return { failure };
    },
    close: () => browser.close(),
  };
}
