// The runner, not a device: that the page's policy holds, that isolation is what it says, and what happens when nothing works.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { runInBrowser } from "./index.ts";
import { browserNames } from "./names.ts";

const cache = fileURLToPath(new URL("../../.cache/", import.meta.url)); // in this package: modules import others of ours
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, "browser-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A module whose device opens by running `code`. */
function opening(code: string): string {
  const file = join(folder, `${Math.random()}.js`);
  writeFileSync(file, `export default async () => { ${code} };`);
  return file;
}
const firstMessage = async (code: string, options = {}): Promise<string> => {
  const report = await runInBrowser("page", { module: opening(code), ...options });
  return report.results[0].message!;
};

describe.each(browserNames)("in %s", (browser) => {
  const absent = process.env[`LAMINA_ABSENT_${browser.toUpperCase()}`];
  const inBrowser = (name: string, body: () => Promise<void>) =>
    test(absent ? `${name} (absent: ${absent})` : name, { skip: absent !== undefined }, body);

  inBrowser("a device that evaluates text is refused by the page's policy", async () => {
    expect(await firstMessage("new Function('return 1')()", { browser })).toMatch(/(Content Security Policy|CSP)/);
  });
  inBrowser("a page is cross-origin isolated where that was asked for", async () => {
    const code = `throw new Error("isolated: " + crossOriginIsolated)`;
    expect(await firstMessage(code, { browser })).toContain("isolated: false");
    expect(await firstMessage(code, { browser, isolated: true })).toContain("isolated: true");
  });
  inBrowser("a module that throws when it is loaded", async () => {
    const file = join(folder, "throws.js");
    writeFileSync(file, `throw new Error("at load");`);
    await expect(runInBrowser("page", { browser, module: file })).rejects.toThrow("the page threw: at load");
  });
  inBrowser("a page that comes to no end", async () => {
    const endless = { browser, module: opening("await new Promise(() => {})"), patience: 2000 };
    await expect(runInBrowser("page", endless)).rejects.toThrow("the last was the page was opened; it hangs");
  });
  test("that is not there: a failure, unless it was declared absent", async () => {
    const options = { browser, module: opening(""), executablePath: "/no/such/browser" };
    const failed = await runInBrowser("page", options);
    expect(failed).toMatchObject({ failed: 1, absent: 0 });
    const message = new RegExp(
      `no browser started \\(.*/no/such/browser.*\\); set LAMINA_${browser.toUpperCase()} to a `,
    );
    expect(failed.results[0].message).toMatch(message);
    expect(await runInBrowser("page", { ...options, absent: "none here" })).toMatchObject({ failed: 0, absent: 1 });
  });
});
