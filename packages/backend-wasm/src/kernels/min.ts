// min: the smallest over axes; NaN if there is one.
import { reduction } from "./reduce.ts";

export const min = reduction("min");
