// Two set-ups of one clone take turns, and one that was killed does not lock the clone for ever.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withLock } from "./lock.mjs";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lamina-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the second waits, says so once, and the lock is gone afterwards", async () => {
  const log: string[] = [];
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const first = withLock(
    folder,
    () => {},
    () => held.then(() => void log.push("first")),
  );
  const second = withLock(
    folder,
    () => release(),
    async () => void log.push("second"),
  );
  await Promise.all([first, second]);
  expect(log).toEqual(["first", "second"]);
  expect(existsSync(join(folder, "first-run.lock"))).toBe(false);
});

test("a lock whose process is gone is taken over", async () => {
  writeFileSync(join(folder, "first-run.lock"), "999999999");
  expect(
    await withLock(
      folder,
      () => {},
      async () => "done",
    ),
  ).toBe("done");
});

test("the lock is released when the work fails", async () => {
  const work = () => Promise.reject(new Error("no disk"));
  await expect(withLock(folder, () => {}, work)).rejects.toThrow("no disk");
  expect(existsSync(join(folder, "first-run.lock"))).toBe(false);
});
