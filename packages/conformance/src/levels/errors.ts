// Level "errors": what is wrong throws on the line that is wrong, says what and what to do, and does not disturb what was recorded before.
import { setBackend, sync } from "@lamina/core";
import { type ErrorCase, errorCases } from "../cases/errors.ts";
import { type Check, expect } from "../check.ts";
import type { Subject } from "../subject.ts";

async function throwsAsSaid({ backend }: Subject, { run, message }: ErrorCase): Promise<undefined> {
  setBackend(backend);
  let found: string | undefined;
  try {
    run();
  } catch (error) {
    found = (error as Error).message;
  }
  expect(found === message, () =>
    found === undefined ? `nothing was thrown; expected: ${message}` : `the message is: ${found}; expected: ${message}`,
  );
  await sync(); // what was recorded before the mistake runs as if nothing had been
  return undefined;
}

export const errorChecks = (subject: Subject): Check[] =>
  errorCases.map((c) => ({
    level: "errors",
    op: c.message.slice(0, c.message.indexOf(":")),
    name: c.message.slice(c.message.indexOf(":") + 2),
    run: () => throwsAsSaid(subject, c),
  }));
