// What the emission of a pointwise op works with: four lanes in a v128. float32 and int32 lie in it as they are, uint8 as
// int32 from 0 to 255, bool as a mask of all or no bits. How lanes get there and back is loop.ts's business.
import type { DType } from "@lamina/core";
import type { Fn } from "../assembler.ts";
import type { HostName } from "./host.ts";

/** A v128 in a local. */
export interface Operand {
  readonly local: number;
  readonly dtype: DType;
}

export interface Lanes {
  readonly f: Fn;
  /** A v128 local, free to use while one op is emitted. */
  temp(): number;
  /** Leaves the value of a host function of one or two numbers, taken lane by lane, on the stack. */
  host(name: HostName, args: readonly number[]): void;
}
