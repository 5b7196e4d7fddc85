// Level "errors": what is wrong throws on the line that is wrong, says what and what to do, and does not disturb what was recorded before.
import { type Backend, getBackend, type OpName, ops, setBackend, sync } from "@lamina/core";
import { type ErrorCase, errorCases } from "../cases/errors.ts";
import { type Check, expect } from "../check.ts";
import { recordOf, type Subject, without } from "../subject.ts";

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

/** A device without a kernel that nothing stands in for is refused before anything runs, and the one before it stays. */
async function missesKernel(backend: Backend, op: OpName): Promise<undefined> {
  setBackend(backend);
  const said = `setBackend: the ${backend.name} backend lacks 1 required kernels: ${op}; add a row for each`;
  let found: string | undefined;
  try {
    setBackend(without(backend, op));
  } catch (error) {
    found = (error as Error).message;
  }
  expect(found === said, () => `without ${op}, setBackend says ${found ?? "nothing"}; expected: ${said}`);
  expect(getBackend() === backend, () => "the device that was refused is the one that computes");
  return undefined;
}
const required = (Object.keys(ops) as OpName[]).filter((op) => !recordOf(op).alias && !recordOf(op).decompose);

export const errorChecks = (subject: Subject): Check[] => [
  ...errorCases.map(
    (c): Check => ({
      level: "errors",
      op: c.message.slice(0, c.message.indexOf(":")),
      name: c.message.slice(c.message.indexOf(":") + 2),
      run: () => throwsAsSaid(subject, c),
    }),
  ),
  ...required.map(
    (op): Check => ({
      level: "errors",
      op,
      name: "a missing kernel is told",
      run: () => missesKernel(subject.backend, op),
    }),
  ),
];
