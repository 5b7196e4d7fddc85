// Passes over a program that any device may use: each takes nodes and returns nodes, or says how they are grouped and
// placed. Emitting code is the device's business.
export {
  type Access,
  commonSizes,
  contiguous,
  expandStrides,
  isContiguous,
  joined,
  stridesIn,
  stridesOf,
} from "./access.ts";
export { withoutCommon } from "./common.ts";
export { type Copy, copiesOf, movements, type StridedPlace } from "./copies.ts";
export { withoutDead } from "./dead.ts";
export { type Free, type FuseOptions, fuse, type Unit, type View } from "./fuse.ts";
export { elementsOf, type LoopPlan, type PlannedLoop, planLoop, type Value } from "./loop.ts";
export { Lru } from "./lru.ts";
export { type Node, nodesOf } from "./node.ts";
export { type Block, place } from "./place.ts";
export { singles } from "./singles.ts";
