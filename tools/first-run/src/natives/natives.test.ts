// What is needed of the system: who needs it, what is said where it is not there, and that CI accepts no excuse.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { nativesOf } from "../tasks.mjs";
import { aptInstall } from "./apt.mjs";
import { chromium, firefox } from "./browsers.mjs";
import { absenceLines, nativeEnv, nativeNames } from "./index.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lamina-natives-"));
  vi.stubEnv("CI", "");
  vi.stubEnv("PATH", folder);
  vi.stubEnv("LAMINA_CHROMIUM", "");
  vi.stubEnv("LAMINA_FIREFOX", "");
  vi.stubEnv("LAMINA_ABSENT_CHROMIUM", undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

test("a browser is found on the PATH", () => {
  const [one, other] = ["chromium", "firefox-esr"].map((name) => join(folder, name));
  for (const file of [one, other]) writeFileSync(file, "");
  expect(chromium.find()).toEqual({ env: { LAMINA_CHROMIUM: one } });
  expect(firefox.find()).toEqual({ env: { LAMINA_FIREFOX: other } });
});
test("a browser that was named and is not there is absent, whatever else there is", () => {
  vi.stubEnv("LAMINA_CHROMIUM", "/no/such/browser");
  expect(chromium.find()).toEqual({ absent: "LAMINA_CHROMIUM is /no/such/browser, and there is no such file" });
});
test.runIf(process.platform === "linux")("what is absent is told to tests with its reason, and in a last line", () => {
  const reason = "no Chrome or Chromium was found; install one, or set LAMINA_CHROMIUM to where it is";
  expect(nativeEnv().LAMINA_ABSENT_CHROMIUM).toBe(reason);
  expect(nativeEnv({ chromium: "only root can" }).LAMINA_ABSENT_CHROMIUM).toBe("only root can");
  expect(absenceLines({})).toContain(
    `ABSENT on this machine: chromium, so what runs in a browser was not tested (${reason})`,
  );
});
test.runIf(process.platform === "linux")("under CI no reason excuses a device that does not open", () => {
  vi.stubEnv("CI", "true");
  expect(nativeEnv()).not.toHaveProperty("LAMINA_ABSENT_CHROMIUM");
});
test("tests need all of it, the command line what its device needs, training on the default device nothing", () => {
  vi.stubEnv("LAMINA_BACKEND", undefined);
  expect(nativesOf("test", [])).toEqual(nativeNames);
  expect(nativesOf("start", [])).toEqual([]);
  expect(nativesOf("lamina", ["conformance", "--backend", "webgpu"])).toEqual(["vulkan"]);
  expect(nativesOf("start", ["--backend=webgpu"])).toEqual(["vulkan"]);
  expect(nativesOf("lamina", ["summary", "webgpu"])).toEqual([]);
  vi.stubEnv("LAMINA_BACKEND", "webgpu");
  expect(nativesOf("start", [])).toEqual(["vulkan"]);
});
test.runIf(process.platform === "linux")("who may not install is told the command", async () => {
  vi.spyOn(process, "getuid").mockReturnValue(1000);
  const place = { root: folder, cache: folder, log: join(folder, "log") };
  await expect(aptInstall(place, ["chromium"])).rejects.toThrow(/sudo apt-get install chromium|has no apt-get/);
});
