// The browsers that the suite runs in, by name. How each is started is in a file of its own.
import { launchChromium } from "./chromium.ts";
import { launchFirefox } from "./firefox.ts";
import type { BrowserName } from "./names.ts";

export interface Browser {
  /** "Chromium 156.0.8078.79" */
  readonly version: string;
  /** Goes to a page; the promise inside rejects when the page dies or says that it was refused something. */
  open(url: string): Promise<{ failure: Promise<never> }>;
  close(): Promise<void>;
}

/**
 * @param executablePath default: what LAMINA_CHROMIUM or LAMINA_FIREFOX says, else the Chrome or the Firefox that is installed.
 * @throws where there is none, saying how to name one.
 */
export function launch(name: BrowserName, executablePath?: string): Promise<Browser> {
  const named = executablePath ?? process.env[`LAMINA_${name.toUpperCase()}`];
  return name === "firefox" ? launchFirefox(named) : launchChromium(named);
}
