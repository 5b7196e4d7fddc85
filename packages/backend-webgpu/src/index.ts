// Graphics cards: WebGPU in browsers, and in Node through Dawn (the npm package `webgpu`). Nothing happens on import.
export { findAdapter } from "./adapter.ts";
export { lowerings } from "./kernels/index.ts";
