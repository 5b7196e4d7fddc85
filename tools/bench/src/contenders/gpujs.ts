// gpu.js, which runs kernels that its user writes: one for a product of matrices, the plain one of its own front page.
import { centred, INPUT } from "../work/numbers.ts";
import { namespaceOf, type Open, type Peer, type Untyped } from "./contender.ts";

const VERSION = "2.24.1";
export const peer: Peer = {
  name: "gpujs",
  title: "gpu.js",
  source: { kind: "npm", packages: { "gpu.js": VERSION } },
  contenders: [
    { name: "gpujs-cpu", threads: 1, where: "node", options: { mode: "cpu" } },
    { name: "gpujs-webasm", threads: 1, where: "node", options: { mode: "webasm" } },
  ],
};

const PRODUCT = `function (a, b) {
  let sum = 0;
  for (let i = 0; i < this.constants.k; i++) sum += a[this.thread.y][i] * b[i][this.thread.x];
  return sum;
}`;
const rowsOf = (seed: number, rows: number, columns: number): Float32Array[] => {
  const values = centred(INPUT + seed, rows * columns, 0.5);
  return Array.from({ length: rows }, (_, i) => values.subarray(i * columns, (i + 1) * columns));
};
export const open: Open = ([module], { mode }) => {
  const { GPU } = namespaceOf(module) as Untyped;
  const gpu = new GPU({ mode });
  return {
    version: `gpu.js ${VERSION}`,
    prepare(work) {
      if (work.kind !== "op" || work.op !== "matmul")
        throw new Error("gpu.js has no layers and no gradients: its user writes every kernel");
      const { m, k, n } = work;
      const kernel = gpu.createKernel(PRODUCT).setOutput([n, m]).setConstants({ k });
      const [a, b] = [rowsOf(0, m, k), rowsOf(1, k, n)];
      let y: Float32Array[] = [];
      return {
        async run() {
          y = await kernel(a, b);
        },
        result: () => y.flatMap((row) => [...row]),
      };
    },
  };
};
