// Errors that a person at the command line is meant to read, and the exit codes.

export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** Says what was wrong and what to do; no stack is shown for it. */
export class Failure extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number = exitCodes.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}
/** The entry of a table by name, or a Failure that lists the names. */
export function lookUp<T>(table: Readonly<Record<string, T>>, kind: string, name: string): T {
  if (Object.hasOwn(table, name)) return table[name];
  throw new Failure(`${kind} "${name}" is not known; choose one of: ${Object.keys(table).join(", ")}`, exitCodes.usage);
}
