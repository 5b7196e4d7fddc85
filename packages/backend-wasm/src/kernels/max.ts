// max: the largest over axes; NaN if there is one.
import { reduction } from "./reduce.ts";

export const max = reduction("max");
