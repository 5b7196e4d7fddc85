// int32 in kernels: a pair of words, and expressions that compute both. The arithmetic is in helpers.ts.
import { type Operand, type Position, place, quotient, rest } from "../source.ts";

export type Words = readonly [low: string, high: string];

/** The words of element `e`. */
export const wordsAt = (x: Operand, e: Position): Words => [x.at(place(e, 2, 0)), x.at(place(e, 2, 1))];
/** Ends a kernel of int32: number `i` of the result is one of two words. */
export const returnWords = (i: Position, [low, high]: Words): string =>
  `if (${rest(i, 2)} == 0) { return ${low}; } return ${high};`;

/** From words that may have run over. */
export const carried = (low: string, high: string): Words => [`lowWord(${low})`, `highWord(${low}, ${high})`];
export const product = ([xl, xh]: Words, [yl, yh]: Words): Words => [
  `lowWord(lowProduct(${xl}, ${yl}))`,
  `highProduct(${xl}, ${xh}, ${yl}, ${yh})`,
];
export const lessWords = ([xl, xh]: Words, [yl, yh]: Words): string =>
  `(${xh} < ${yh} || (${xh} == ${yh} && ${xl} < ${yl}))`;
export const equalWords = ([xl, xh]: Words, [yl, yh]: Words): string => `(${xh} == ${yh} && ${xl} == ${yl})`;
/** Rounded once, since the high word times 65536 is exact. */
export const toFloat = ([low, high]: Words): string => `(${high} * 65536 + ${low})`;
/** Of a whole number that may be beyond 2^24, as an expression. */
export const wordsOfPosition = (p: Position): Words => [rest(p, 65536), quotient(p, 65536)];
/** As a position, if it is not negative. */
export const toPosition = ([low, high]: Words): Position => place(high, 65536, low);
