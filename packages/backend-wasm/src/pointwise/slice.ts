// Long loops in slices: an axis more in front, along which the loop is called again and again (kernels/lowered.ts says why).
import { elementsOf, type LoopPlan } from "@lamina/core/passes";

/** Elements in a slice, at least: calling it should cost nothing beside them. */
const LEAST = 8192;
const LANES = 4;

/** The plan with its first axis cut into slices, and how many there are; undefined if it is short or has no place to cut. */
export function inSlices(plan: LoopPlan): { plan: LoopPlan; slices: number } | undefined {
  const [first, ...rest] = plan.sizes;
  const most = Math.min(first, Math.floor(elementsOf(plan) / LEAST));
  // a cut through the last axis leaves whole vectors
  const fits = (n: number) => first % n === 0 && (rest.length > 0 || (first / n) % LANES === 0);
  for (let slices = most; slices > 1; slices--) {
    if (!fits(slices)) continue;
    const length = first / slices;
    const loads = plan.loads.map((load) => ({ ...load, strides: [length * load.strides[0], ...load.strides] }));
    return { plan: { ...plan, sizes: [slices, length, ...rest], loads }, slices };
  }
  return undefined;
}
