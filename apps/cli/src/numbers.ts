// Numbers on the command line, checked where they are read.
import { InvalidArgumentError } from "commander";

const number = (check: (n: number) => boolean, what: string) => (text: string) => {
  const n = Number(text);
  if (text.trim() === "" || !check(n)) throw new InvalidArgumentError(`Give ${what}.`);
  return n;
};
export const count = number((n) => Number.isSafeInteger(n) && n > 0, "a whole number from 1");
export const countOrAuto = (text: string): number | "auto" => {
  if (text === "auto") return text;
  return number((n) => Number.isSafeInteger(n) && n > 0, 'a whole number from 1, or "auto"')(text);
};
export const seed = number((n) => Number.isSafeInteger(n) && n >= 0, "a whole number from 0");
export const rate = number((n) => Number.isFinite(n) && n >= 0, "a number from 0");
