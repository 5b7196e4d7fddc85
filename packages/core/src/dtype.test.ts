// Numbers of bytes in words.
import { expect, test } from "vitest";
import { inBytes } from "./dtype.ts";

test("bytes are written as people read them", () => {
  expect([0, 1023, 1536, 3 * 2 ** 20, 2 ** 32, 2 ** 51].map(inBytes)).toEqual([
    ...["0 B", "1023 B", "1.5 KiB", "3 MiB", "4 GiB", "2048 TiB"],
  ]);
});
