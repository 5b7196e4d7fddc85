// The runner, not a device: that the page's policy holds, that isolation is what it says, and what happens when nothing works.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { runInBrowser } from "./index.ts";

const cache = fileURLToPath(new URL("../../.cache/", import.meta.url)); // in this package: modules import others of ours
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, "browser-"));
afterAll(() => rmSync(folder, { recursive: true }));

const absent = process.env.LAMINA_ABSENT_CHROMIUM;
const inChromium = test.skipIf(absent);
const title = (text: string) => (absent ? `${text} (absent: ${absent})` : text);
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

inChromium(title("a device that evaluates text is refused by the page's policy"), async () => {
  expect(await firstMessage("new Function('return 1')()")).toMatch(/Content Security Policy.*unsafe-eval/s);
});
inChromium(title("a page is cross-origin isolated where that was asked for"), async () => {
  const code = `throw new Error("isolated: " + crossOriginIsolated)`;
  expect(await firstMessage(code)).toContain("isolated: false");
  expect(await firstMessage(code, { isolated: true })).toContain("isolated: true");
});
inChromium(title("a module that throws when it is loaded"), async () => {
  const file = join(folder, "throws.js");
  writeFileSync(file, `throw new Error("at load");`);
  await expect(runInBrowser("page", { module: file })).rejects.toThrow("the page threw: at load");
});
inChromium(title("a page that comes to no end"), async () => {
  const endless = { module: opening("await new Promise(() => {})"), patience: 2000 };
  await expect(runInBrowser("page", endless)).rejects.toThrow("the last was the page was opened; it hangs");
});
test("no browser: a failure, unless it was declared absent", async () => {
  const options = { module: opening(""), executablePath: "/no/such/browser" };
  const failed = await runInBrowser("page", options);
  expect(failed).toMatchObject({ failed: 1, absent: 0 });
  expect(failed.results[0].message).toMatch(/no browser started \(.*\/no\/such\/browser.*\); set LAMINA_CHROMIUM/);
  expect(await runInBrowser("page", { ...options, absent: "none here" })).toMatchObject({ failed: 0, absent: 1 });
});
