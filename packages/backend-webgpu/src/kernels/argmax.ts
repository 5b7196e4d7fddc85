// argmax: where along an axis the largest element stands, the first of equals; the first NaN if there is one.
import { extreme } from "./extreme.ts";

export const argmax = extreme("argmax");
