// What conv2d.test.ts leaves out of the gradient in w: numbers that are not finite, and the same bits from run to run.
import { expect, test } from "vitest";
import { conv2dGradWeight } from "./conv2dGradWeight.ts";
import { check, execute, float, Numbers } from "./harness.ts";

const attrs = { stride: [1, 1], padding: [2, 1, 2, 1], dilation: [1, 1], groups: 1, kernelSize: [3, 3] };
const [x, dy, dw] = [float(2, 3, 7, 9), float(2, 5, 8, 10), float(5, 3, 3, 3)];
const inputs = () => {
  const numbers = new Numbers(6);
  return [numbers.array(x), numbers.array(dy)];
};

test.each([NaN, Infinity, -Infinity])(
  "%d in x or dy reaches the weights that it is a term of, and no others",
  (value) => {
    for (const operand of [0, 1]) {
      const arrays = inputs();
      // the corner: above it and beside it there is padding, which is no term
      arrays[operand][0] = value;
      check("conv2dGradWeight", conv2dGradWeight, [x, dy], arrays, attrs, dw, { ulps: 13, scale: 11 });
    }
  },
);
test("the same bits each time", () => {
  const run = () => execute(conv2dGradWeight([x, dy], attrs, dw), [x, dy], inputs(), dw);
  expect(run()).toEqual(run());
});
