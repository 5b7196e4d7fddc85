// What conv2d.test.ts leaves out of the gradient in x: numbers that are not finite, and the same bits from run to run.
import { expect, test } from "vitest";
import { conv2dGradInput } from "./conv2dGradInput.ts";
import { check, execute, float, Numbers } from "./harness.ts";

const attrs = { stride: [1, 2], padding: [2, 1, 1, 3], dilation: [1, 1], groups: 1, inputSize: [7, 9] };
const [dy, w, dx] = [float(2, 5, 8, 6), float(5, 3, 3, 3), float(2, 3, 7, 9)];
const inputs = () => {
  const numbers = new Numbers(5);
  return [numbers.array(dy), numbers.array(w)];
};

test.each([NaN, Infinity, -Infinity])(
  "%d in dy or w reaches the pixels that it is a term of, and no others",
  (value) => {
    for (const operand of [0, 1]) {
      const arrays = inputs();
      arrays[operand][17] = value;
      check("conv2dGradInput", conv2dGradInput, [dy, w], arrays, attrs, dx, { ulps: 9, scale: 7 });
    }
  },
);
test("the same bits each time", () => {
  const run = () => execute(conv2dGradInput([dy, w], attrs, dx), [dy, w], inputs(), dx);
  expect(run()).toEqual(run());
});
