// The types of WebGPU as users have them. TypeScript's "dom" has its own, the package @webgpu/types others; they exclude each
// other, and a program for Node may have neither. So no file whose types users see names one directly.

/** The global type of this name; `unknown` where it is not declared. */
export type Declared<Name extends string> =
  typeof globalThis extends Record<Name, { prototype: infer Type }> ? Type : unknown;
