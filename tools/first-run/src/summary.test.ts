// The closing line of a CI run is counted from results, and no broken test file is lost on the way.
import { expect, test } from "vitest";
import { closingLines, count } from "./summary.mjs";

const file = (status: string, ...tests: string[]) => ({ status, assertionResults: tests.map((t) => ({ status: t })) });

test("passed and failed tests are counted over all files", () => {
  const testResults = [file("passed", "passed", "passed"), file("failed", "passed", "failed", "failed")];
  expect(count({ testResults })).toEqual({ passed: 3, failed: 2 });
});

test("a file that failed outside its tests counts as one failure", () => {
  expect(count({ testResults: [file("failed"), file("failed", "passed")] })).toEqual({ passed: 1, failed: 2 });
});

test("skipped tests are neither", () => {
  expect(count({ testResults: [file("passed", "passed", "pending", "todo")] })).toEqual({ passed: 1, failed: 0 });
});

test("the runner's closing lines are found at the end of its log", () => {
  const log =
    " ✓ core a.test.ts\n Test Files  old\n\n Test Files  2 passed (2)\n      Tests  5 passed (5)\n   Duration  1s\nJSON report\n";
  expect(closingLines(log)).toEqual([" Test Files  2 passed (2)", "      Tests  5 passed (5)", "   Duration  1s"]);
  expect(closingLines("crashed")).toEqual([]);
});
