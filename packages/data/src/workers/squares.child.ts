// A worker file for the tests: squares of numbers below 100; it cannot do 100, and ends at 149.
import { tensor } from "@lamina/core";
import { serve } from "./serve.ts";

await serve({
  length: 200,
  get(i) {
    if (i === 149) process.exit(3);
    if (i === 100) throw new Error("there is no square of 100");
    return [tensor([i]), i * i];
  },
});
