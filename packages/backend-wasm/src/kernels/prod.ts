// prod: product over axes; float32 in float64, int32 modulo 2^32.
import { reduction } from "./reduce.ts";

export const prod = reduction("prod");
