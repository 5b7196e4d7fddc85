// The suite as Vitest tests, one a level, so that a backend's test file is its factory and its excuses.
import type { Backend } from "@lamina/core";
import { type BrowserOptions, runInBrowser } from "./browser/index.ts";
import { quickLevels } from "./case.ts";
import type { ConformOptions } from "./conform.ts";
import { type Report, runConformance } from "./report.ts";
import { formatResult } from "./reports/table.ts";

/** What this needs of Vitest; pass `import * as vitest from "vitest"`, so that the suite itself depends on no runner. */
export interface Runner {
  describe(name: string, body: () => void): unknown;
  test(name: string, body: (context: { skip(note?: string): void }) => Promise<void>, timeout: number): unknown;
  expect(value: unknown): { toBeGreaterThan(than: number): void; toEqual(other: unknown): void };
}

/** Most levels take seconds; the training runs take a slow device minutes, and that is no failure. */
const TIMEOUT = 600_000;
/** All levels, one after the other. */
const BROWSER_TIMEOUT = 1_200_000;

/**
 * Registers the suite: `conformWith(vitest, "wasm", wasm, { declared: [] })`. All levels but `epoch`, unless they are named.
 * An absent device is skipped, with the reason.
 */
export function conformWith(
  { describe, test, expect }: Runner,
  name: string,
  open: () => Promise<Backend>,
  { levels = quickLevels, ...options }: ConformOptions = {},
): void {
  describe(`${name} conforms`, () => {
    for (const level of levels)
      test(
        level,
        async ({ skip }) => judge(await runConformance(name, open, { ...options, levels: [level] }), expect, skip),
        TIMEOUT,
      );
  });
}

/** Registers the suite in a real browser, as one test: `conformInBrowser(vitest, "wasm", { module, browser: "firefox" })`. */
export function conformInBrowser({ test, expect }: Runner, name: string, options: BrowserOptions): void {
  const browser = options.browser === "firefox" ? "Firefox" : "Chromium";
  const title = `${name} conforms in ${browser}${options.isolated ? ", cross-origin isolated" : ""}`;
  test(
    title,
    async ({ skip }) => judge(await runInBrowser(name, { levels: quickLevels, ...options }), expect, skip),
    BROWSER_TIMEOUT,
  );
}

function judge({ results }: Report, expect: Runner["expect"], skip: (note: string) => void): void {
  expect(results.length).toBeGreaterThan(0);
  const unopened = results.find((r) => r.status === "absent" && r.op === "open");
  if (unopened) skip(`absent: ${unopened.message}`);
  expect(results.filter((r) => r.status === "failed").map(formatResult)).toEqual([]);
}
