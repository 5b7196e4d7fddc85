// Closing lines of .ci/run: the test runner's own, then one plain line "N passed, N failed" counted from its JSON results.
// Usage: node summary.mjs LOG RESULTS. Exits with 1 when a test failed or when there are no results to read.
import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/**
 * A file that could not even be loaded has no tests to count, yet must not pass in silence: it counts as one failure.
 * @typedef {{ status: string, assertionResults: { status: string }[] }} FileResult
 * @param {{ testResults: FileResult[] }} results Vitest's JSON report
 */
export function count({ testResults }) {
  const tests = testResults.flatMap((file) => file.assertionResults);
  const broken = testResults.filter((file) => file.status === "failed" && file.assertionResults.every(isFine)).length;
  const failed = tests.filter((test) => test.status === "failed").length + broken;
  return { passed: tests.filter((test) => test.status === "passed").length, failed };
}

/** @param {{ status: string }} test */
const isFine = (test) => test.status !== "failed";

/**
 * The block that Vitest ends with: from "Test Files" to the end of its output, blank lines left out.
 * @param {string} log
 */
export function closingLines(log) {
  const lines = log.split("\n").map((line) => line.trimEnd());
  const start = lines.findLastIndex((line) => /^\s*Test Files\s/.test(line));
  return start < 0
    ? []
    : lines.slice(start).filter((line) => /^\s*(Test Files|Tests|Errors|Start at|Duration)\s/.test(line));
}

/** @param {string} logFile @param {string} resultsFile */
function main(logFile, resultsFile) {
  if (!existsSync(resultsFile)) {
    console.error("The tests did not run to their end: there are no results to count.");
    return 1;
  }
  const { passed, failed } = count(JSON.parse(readFileSync(resultsFile, "utf8")));
  console.log(closingLines(readFileSync(logFile, "utf8")).join("\n"));
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = main(process.argv[2], process.argv[3]);
}
