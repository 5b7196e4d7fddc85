// Values that follow from an element's index: random numbers on the device, arange on the host, because it is defined in
// double precision, which WGSL does not have.
import { allocate, type Spec, sizeOf, type TypedArray } from "@lamina/core";
import type { Lowered } from "./kernels/lowered.ts";

/** start + i*step, converted as typed arrays do. */
export function arangeValues({ shape, dtype }: Spec, start: number, step: number): TypedArray {
  const values = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < values.length; i++) {
    const value = start + i * step;
    values[i] = dtype === "bool" ? +(value !== 0) : value;
  }
  return values;
}

/** Philox 4x32-10 (core's random.ts has the definition): a block of four numbers a thread. */
const philox = `
fn high_product(a: u32, b: u32) -> u32 {
  let a0 = a & 0xffffu; let a1 = a >> 16u; let b0 = b & 0xffffu; let b1 = b >> 16u;
  let mid = a1 * b0 + ((a0 * b0) >> 16u);
  let low = a0 * b1 + (mid & 0xffffu);
  return a1 * b1 + (mid >> 16u) + (low >> 16u);
}
fn philox(counter: vec4<u32>, seed: vec2<u32>) -> vec4<u32> {
  var c = counter;
  var k = seed;
  for (var round = 0u; round < 10u; round++) {
    let h0 = high_product(0xd2511f53u, c.x);
    let h1 = high_product(0xcd9e8d57u, c.z);
    c = vec4<u32>(h1 ^ c.y ^ k.x, 0xcd9e8d57u * c.z, h0 ^ c.w ^ k.y, 0xd2511f53u * c.x);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}`;
const main = `
  let block = group * 64u + local;
  if (block * 4u >= p.count) { return; }
  let words = philox(vec4<u32>(block, 0u, p.counter_low, p.counter_high), vec2<u32>(p.seed_low, p.seed_high));
  for (var k = 0u; k < 4u && block * 4u + k < p.count; k++) {
    write_y(block * 4u + k, f32(words[k] >> 8u) * 0x1p-24f);
  }`;

export function randomCall({ shape }: Spec): Lowered {
  const count = sizeOf(shape);
  const scalars = ["seed_low", "seed_high", "counter_low", "counter_high"];
  return {
    dispatches: [
      {
        key: "random",
        arrays: [{ name: "y", output: true }],
        uniforms: [
          { name: "count", type: "u32", value: count },
          ...scalars.map((name, scalar) => ({ name, type: "u32" as const, scalar })),
        ],
        wgsl: () => ({ globals: philox, main }),
        workgroups: Math.ceil(count / 256),
        work: count * 20,
      },
    ],
  };
}
