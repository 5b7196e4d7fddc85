// Textures of gpu.js's WebGL modes: what they take, and how they are let go at once.
import type { GpuKernel, Texture } from "./gpu.ts";

/** One float32 a texel where the mode has such textures (WebGL 2), else four of which one is used. */
export function textureBytes({ size, internalFormat, context }: Texture): number {
  const channels = internalFormat === context.R32F ? 1 : 4;
  return 4 * channels * size[0] * size[1];
}

/**
 * Destroys a result. Its kernel holds on to the texture that it drew last, and would draw into it again; told that somebody
 * else has that one, it makes a new one when it next runs.
 */
export function destroyTexture(texture: Texture, { kernel }: GpuKernel): void {
  texture.delete();
  const last = kernel.texture;
  if (last === undefined || last.texture !== texture.texture) return;
  last.delete();
  last.texture._refs = 2;
}
