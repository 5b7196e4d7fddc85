// argmin: where along an axis the smallest element stands, the first of equals; the first NaN if there is one.
import { extreme } from "./extreme.ts";

export const argmin = extreme("argmin");
