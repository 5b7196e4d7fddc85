// The error function and its complement to a few units in the last place of a double, from two textbook formulas.

/** e^(-x*x) with x*x formed exactly enough: the square of x rounded to 24 bits has 48, and the rest is small. */
function expOfMinusSquare(x: number): number {
  const head = Math.fround(x);
  return Math.exp(-head * head) * Math.exp((head - x) * (head + x));
}

/** erf(x) = 2/sqrt(pi) * sum over n of (-1)^n x^(2n+1) / (n! (2n+1)), for |x| < 1 (DLMF 7.6.1). */
function series(x: number): number {
  let power = 1; // (-1)^n x^(2n) / n!
  let rest = 0; // the sum after its first term, x, divided by x
  for (let n = 1; n <= 20; n++) {
    power *= -(x * x) / n;
    rest += power / (2 * n + 1);
  }
  return (x + x * rest) * (2 / Math.sqrt(Math.PI));
}

/** erfc(x) = e^(-x*x)/sqrt(pi) * 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...)))), for x >= 1 (DLMF 7.9.1). */
function continuedFraction(x: number): number {
  if (x > 28) return 0; // below the smallest double
  let rest = x;
  for (let k = 250; k >= 1; k--) rest = x + k / 2 / rest;
  return expOfMinusSquare(x) / (Math.sqrt(Math.PI) * rest);
}

/** The error function, 2/sqrt(pi) * integral from 0 to x of e^(-t*t) dt. */
export function erf(x: number): number {
  if (x >= 1) return 1 - continuedFraction(x);
  if (x <= -1) return continuedFraction(-x) - 1;
  return series(x);
}

/** 1 - erf(x), also accurate where that is tiny. */
export function erfc(x: number): number {
  if (x >= 1) return continuedFraction(x);
  if (x <= -1) return 2 - erfc(-x);
  return 1 - series(x);
}
