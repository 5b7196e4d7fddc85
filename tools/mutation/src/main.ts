// Breaks kernels, gradients and the engine in small ways, one at a time, and shows that the suite notices each: a table, and
// exit code 1 if one is not noticed or no longer fits the source. `main.ts TEXT` runs only those whose name contains the text.
import { readFileSync } from "node:fs";
import { check, trials, verdictOn } from "./check.ts";
import { mutate } from "./mutation.ts";
import { mutations } from "./mutations.ts";

const chosen = mutations.filter((m) => m.name.includes(process.argv[2] ?? ""));
// all of them, before the first minute is spent
for (const m of chosen) mutate(readFileSync(new URL(`../../../${m.file}`, import.meta.url), "utf8"), m);

// a suite that fails anyway would seem to catch everything
for (const trial of trials) {
  const { caughtBy, message } = await check(undefined, trial);
  if (caughtBy)
    throw new Error(`${trial.join(" ")}: fails with nothing broken (${caughtBy}: ${message}); mend that first`);
}

let missed = 0;
for (const mutation of chosen) {
  const { caughtBy } = await verdictOn(mutation);
  if (!caughtBy) missed++;
  console.log(`${caughtBy ? "caught" : "MISSED"}  ${mutation.name.padEnd(64)} ${caughtBy ?? ""}`);
}
console.log(`\n${chosen.length - missed} of ${chosen.length} mutations caught`);
process.exitCode = missed > 0 || chosen.length === 0 ? 1 : 0;
