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
  /** Whether the engine multiplies and adds in one step. */
  readonly relaxed: boolean;
  /** A v128 local, free to use while one op is emitted. */
  temp(): number;
  /** Leaves the value of a host function of one or two numbers, taken lane by lane, on the stack. */
  host(name: HostName, args: readonly number[]): void;
}

/** Codes after the SIMD prefix, by their names in the specification. */
export const codes = {
  "v128.not": 0x4d,
  "v128.and": 0x4e,
  "v128.andnot": 0x4f,
  "v128.or": 0x50,
  "v128.xor": 0x51,
  "v128.bitselect": 0x52,
  "i32x4.splat": 0x11,
  "f32x4.splat": 0x13,
  "i32x4.eq": 0x37,
  "i32x4.ne": 0x38,
  "i32x4.lt_s": 0x39,
  "i32x4.lt_u": 0x3a,
  "i32x4.le_s": 0x3d,
  "i32x4.le_u": 0x3e,
  "f32x4.eq": 0x41,
  "f32x4.ne": 0x42,
  "f32x4.lt": 0x43,
  "f32x4.gt": 0x44,
  "f32x4.le": 0x45,
  "f32x4.ceil": 0x67,
  "f32x4.floor": 0x68,
  "f32x4.trunc": 0x69,
  "f32x4.nearest": 0x6a,
  "f64x2.floor": 0x75,
  "i16x8.extend_low_i8x16_u": 0x89,
  "i32x4.abs": 0xa0,
  "i32x4.neg": 0xa1,
  "i32x4.extend_low_i16x8_u": 0xa9,
  "i32x4.shl": 0xab,
  "i32x4.shr_u": 0xad,
  "i32x4.add": 0xae,
  "i32x4.sub": 0xb1,
  "i32x4.mul": 0xb5,
  "i32x4.min_s": 0xb6,
  "i32x4.max_s": 0xb8,
  "i64x2.extmul_low_i32x4_u": 0xde,
  "i64x2.extmul_high_i32x4_u": 0xdf,
  "f32x4.abs": 0xe0,
  "f32x4.neg": 0xe1,
  "f32x4.sqrt": 0xe3,
  "f32x4.add": 0xe4,
  "f32x4.sub": 0xe5,
  "f32x4.mul": 0xe6,
  "f32x4.div": 0xe7,
  "f32x4.min": 0xe8,
  "f32x4.max": 0xe9,
  "f32x4.pmax": 0xeb,
  "f64x2.sub": 0xf1,
  "f64x2.mul": 0xf2,
  "f64x2.div": 0xf3,
  "i32x4.trunc_sat_f32x4_s": 0xf8,
  "f32x4.convert_i32x4_s": 0xfa,
  "i32x4.trunc_sat_f64x2_s_zero": 0xfc,
  "f64x2.convert_low_i32x4_s": 0xfe,
} as const;
export type SimdOp = keyof typeof codes;
export const simd = (f: Fn, op: SimdOp): Fn => f.simd(codes[op]);
