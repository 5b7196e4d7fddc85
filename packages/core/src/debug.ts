// debug(): runs every op as it is recorded, so that a debugger sees values, and names the op that made a NaN.
import { isFloat } from "./dtype.ts";
import { differentiated } from "./mode.ts";
import { peek, tracer } from "./pending.ts";
import type { Tensor } from "./tensor.ts";

export interface DebugOptions {
  /** Run every op on the line that records it. Slow. */
  eager?: boolean;
  /** Throw, on the user's line, when an op makes a NaN or an infinity from finite inputs. Implies eager. */
  nan?: boolean;
  /** Is told of each op as it is recorded, and of the op whose gradient it computes, if it does. Runs nothing. */
  onRecord?(op: Tensor, gradientOf: Tensor | undefined): void;
}
let options: DebugOptions = {};

/** Turns debugging on or off: `debug({ nan: true })`, `debug({})`. Needs a backend that can be read synchronously. */
export function debug(next: DebugOptions): void {
  options = next;
}
const runsAll = (): boolean => options.eager === true || options.nan === true;
export const isDebugging = (): boolean => runsAll() || options.onRecord !== undefined;

const isBad = (v: number) => !Number.isFinite(v);
/** Tells of a node that was just recorded; runs it and looks at its value if that was asked for. */
export function inspectNode(t: Tensor): void {
  if (tracer()) return;
  options.onRecord?.(t, differentiated());
  if (!runsAll()) return;
  const data = peek(t);
  if (!options.nan || !data || !isFloat(t.dtype)) return;
  const at = data.findIndex(isBad);
  if (at < 0 || t.inputs.some((x) => peek(x)?.some(isBad))) return;
  const op = t.op?.name ?? "op";
  throw new Error(
    `${op}: made ${data[at]} at element ${at} of [${t.shape}] from finite inputs of shapes ${t.inputs.map((x) => `[${x.shape}]`).join(", ")}; look at its inputs here`,
  );
}
