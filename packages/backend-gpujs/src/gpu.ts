// What this package uses of gpu.js, as types: gpu.js is an optional peer, so its own declarations may be missing.

/** A result that stays on the device: a texture of a WebGL mode. */
export interface Texture {
  readonly type: string;
  readonly size: ArrayLike<number>;
  readonly internalFormat: number;
  readonly context: WebGLContext;
  readonly texture: Counted;
  /** In mode "webgpu" a promise, and none of the above is there but `type`. */
  toArray(): Float32Array | Promise<Float32Array>;
  delete(): void;
}
/** A WebGLTexture, on which gpu.js counts who holds it. */
interface Counted {
  _refs: number;
}
interface WebGLContext {
  readonly R32F?: number;
  isContextLost?(): boolean;
}
/** Numbers on the device: a texture, or in modes without textures the numbers themselves. */
export type Values = Texture | Float32Array;
export const isTexture = (values: Values): values is Texture => !(values instanceof Float32Array);

export interface GpuKernel {
  /** In mode "webgpu" a promise. */
  (...args: (Values | number)[]): Values | Promise<Values>;
  readonly kernel: { texture?: Texture };
  setOutput(size: readonly number[]): GpuKernel;
  destroy(removeCanvas?: boolean): void;
}
export interface Gpu {
  /** Of the WebGL modes, once there is a kernel. */
  readonly context?: WebGLContext | null;
  readonly Kernel: { readonly features?: { readonly maxTextureSize?: number } };
  createKernel(source: string, settings: object): GpuKernel;
  destroy(): Promise<void>;
}
/** The class `GPU` of gpu.js. */
export interface GpuClass {
  new (options: { mode: string }): Gpu;
  readonly isWebGLSupported: boolean;
  readonly isWebGL2Supported: boolean;
  readonly isHeadlessGLSupported: boolean;
  readonly isWebAssemblySupported: boolean;
  /** Whether there is an adapter. */
  isWebGPUAvailable(): Promise<boolean>;
}
