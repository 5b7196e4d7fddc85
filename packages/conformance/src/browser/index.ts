// The suite in a real browser: bundles it with a device, serves it under a strict policy, and collects what the page finds.
import { unopened } from "../conform.ts";
import { type Report, type RunOptions, reportOf } from "../report.ts";
import { type Bundle, bundle } from "./bundle.ts";
import { type Browser, launch } from "./launch.ts";
import type { BrowserName } from "./names.ts";
import type { PageOptions } from "./page.ts";
import { type Served, serve } from "./serve.ts";

export { type Browser, launch } from "./launch.ts";

export interface BrowserOptions extends Omit<RunOptions, "filter" | "declared"> {
  /** The device: a file or URL of a module, bundled with the suite by Vite. Its export `gaps` is what is declared. */
  module: string | URL;
  /** Which export of it opens the device. Default: the one named like the device, or the default one. */
  export?: string;
  /** What that is called with, as data: `{ mode: "webgl" }`. Default: nothing. */
  with?: object | undefined;
  /** Only checks whose id contains this. */
  filter?: string;
  /** Serves with the headers that make a page cross-origin isolated, so that it may share memory between threads. Default false. */
  isolated?: boolean;
  /** Default "chromium". */
  browser?: BrowserName;
  /** The browser's executable. Default: LAMINA_CHROMIUM or LAMINA_FIREFOX, else the Chrome or the Firefox that is installed. */
  executablePath?: string;
  /** Milliseconds without any result after which the page counts as hung. Default 3,600,000: an epoch of WebGL in software takes long. */
  patience?: number;
}

/**
 * Judges a device in Chromium or Firefox, on a page whose Content-Security-Policy allows scripts of its own origin and
 * WebAssembly, and neither eval nor inline code. Needs the package `vite`, and for Chromium `playwright-core`.
 */
export async function runInBrowser(name: string, options: BrowserOptions): Promise<Report> {
  let browser: Browser;
  try {
    browser = await launch(options.browser ?? "chromium", options.executablePath);
  } catch (error) {
    return reportOf(name, [unopened(error, "ops", options.absent)], undefined, "no browser");
  }
  try {
    return await inPage(name, await bundle(options.module), browser, options);
  } finally {
    await browser.close();
  }
}

async function inPage(
  name: string,
  files: Bundle,
  browser: Browser,
  { export: exported, isolated = false, patience = 3_600_000, onResult, ...options }: BrowserOptions,
): Promise<Report> {
  const { with: argument, levels, filter, absent, cases } = options;
  const task: PageOptions = { name, exported, argument, levels, filter, absent, cases };
  const served: Served = await serve(files, task, { isolated, onResult });
  try {
    const { failure } = await browser.open(served.url);
    const report = await Promise.race([served.report, failure, hung(served, patience)]);
    const runtime = `${browser.version}${isolated ? ", cross-origin isolated" : ""}`;
    return { ...report, environment: { ...report.environment, runtime } };
  } finally {
    served.close();
  }
}

/** Rejects when nothing has come from the page for too long; the timer keeps no process alive. */
function hung({ sinceLast, lastDone }: Served, patience: number): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setInterval(() => {
      if (sinceLast() < patience) return;
      clearInterval(timer);
      reject(
        new Error(
          `conformance: the page has found nothing for ${patience / 1000} s; the last was ${lastDone()}; it hangs, or its browser does`,
        ),
      );
    }, 1000).unref();
  });
}
