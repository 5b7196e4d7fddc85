// One thing that is checked: a name, and a function that throws when it does not hold. Levels make these, conform.ts runs them.
import type { Level } from "./case.ts";

export interface Outcome {
  readonly ulps?: number;
  readonly tolerance?: number;
}
export interface Check {
  readonly level: Level;
  readonly op: string;
  /** Unique within the op. */
  readonly name: string;
  /** Throws when it does not hold. */
  run(): Promise<Outcome | undefined>;
}
/** Thrown by a check that has a number to show. */
export class Mismatch extends Error {
  readonly outcome: Outcome;
  constructor(message: string, outcome: Outcome) {
    super(message);
    this.name = "Mismatch";
    this.outcome = outcome;
  }
}
/** Thrown where the device says of itself that it has no such thing: not a failure. */
export class Absent extends Error {
  override readonly name = "Absent";
}

export function expect(condition: boolean, message: () => string): void {
  if (!condition) throw new Error(message());
}
