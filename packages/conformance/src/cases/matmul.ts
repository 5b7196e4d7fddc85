// Matrix products: all four ways of storing the factors, stacks, sizes that fill no register.
import { input, type OpCase } from "../case.ts";

const product = (
  name: string,
  [m, k, n]: readonly number[],
  transposeX = false,
  transposeY = false,
  lead: readonly number[] = [],
  level: OpCase["level"] = "ops",
): OpCase => ({
  op: "matmul",
  name: `${name}${transposeX ? ", x transposed" : ""}${transposeY ? ", y transposed" : ""}`,
  level,
  inputs: [input([...lead, ...(transposeX ? [k, m] : [m, k])]), input([...lead, ...(transposeY ? [n, k] : [k, n])])],
  attrs: { transposeX, transposeY },
});
const ways = [false, true].flatMap((x) => [false, true].map((y) => [x, y] as const));
export const matmul: readonly OpCase[] = [
  ...ways.map(([x, y]) => product("5 by 7 by 3", [5, 7, 3], x, y)),
  ...ways.map(([x, y]) => product("17 by 33 by 19", [17, 33, 19], x, y)),
  ...ways.map(([x, y]) => product("a stack", [4, 5, 6], x, y, [2, 3])),
  ...ways.map(([x, y]) => product("a row", [1, 13, 9], x, y)),
  ...ways.map(([x, y]) => product("a column", [9, 13, 1], x, y)),
  ...ways.map(([x, y]) => product("an outer product", [8, 1, 8], x, y)),
  // where shapes do not tell whether a factor is transposed
  ...ways.map(([x, y]) => product("squares", [6, 6, 6], x, y)),
  product("a layer", [32, 120, 84], false, true),
  product("many terms", [3, 1025, 5]),
  product("no rows", [0, 3, 2], false, false, [], "edges"),
  product("no terms", [2, 0, 3], false, false, [], "edges"),
  product("no matrices", [2, 3, 2], false, false, [0], "edges"),
  {
    op: "matmul",
    name: "NaN and infinities spread",
    level: "edges",
    inputs: [input([3, 4], { values: [1, Number.NaN, 0, 2, Infinity] }), input([4, 2], { values: [0, 1, -1] })],
    attrs: { transposeX: false, transposeY: false },
  },
];
