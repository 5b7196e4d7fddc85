// cast, from each dtype to each: floats, bytes and truths are single numbers, int32 is two words.
import type { DType } from "@lamina/core";
import { quotient } from "../source.ts";
import { single } from "./kernel.ts";
import { returnWords, toFloat, type Words, wordsAt } from "./words.ts";

/** Of the words of a number. */
const fromWords: Record<Exclude<DType, "int32" | "float64">, (words: Words) => string> = {
  float32: toFloat,
  uint8: ([low]) => `${low} - Math.floor(${low} * 0.00390625) * 256`,
  bool: ([low, high]) => `((${low} == 0 && ${high} == 0) ? 0 : 1)`,
};
const fromNumber: typeof fromWords | Record<string, (x: string) => string> = {
  float32: (x: string) => x,
  uint8: (x: string) => `trunc32(${x}) - Math.floor(trunc32(${x}) * 0.00390625) * 256`,
  bool: (x: string) => `(${x} == 0 ? 0 : 1)`,
};
const toWords = "const t = trunc32(x);\nconst h = Math.floor(t * 0.0000152587890625);\n";

export const cast = single("cast", ([{ dtype: from }], _attrs, { dtype: to }) => ([x], i) => {
  if (from === to) return `return ${x.at(i)};`;
  if (from === "int32") {
    const [low, high] = wordsAt(x, i);
    const formula = fromWords[to as keyof typeof fromWords](["low", "high"]);
    return `const low = ${low};\nconst high = ${high};\nreturn ${formula};`;
  }
  if (to === "int32")
    return `const x = ${x.at(quotient(i, 2))};\n${toWords}${returnWords(i, ["t - h * 65536", "wrapped(h)"])}`;
  return `const x = ${x.at(i)};\nreturn ${(fromNumber as Record<string, (x: string) => string>)[to]("x")};`;
});
