// The reference backend: plain loops in double precision, the definition of every op.
export type { Precision, ReferenceBuffer } from "./memory.ts";
export { type ReferenceOptions, reference } from "./reference.ts";
