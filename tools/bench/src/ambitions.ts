// What single ops were to reach ("ambitious" in the design's table for WebAssembly) beside what was found: on one thread, with vectors of
// 128 bits, and as the device is by default.
import { bestOf, fields, multiple, rowOf, shareOfLimit, timeOf } from "./compare.ts";
import type { Results, Row } from "./results.ts";
import { geometricMean } from "./statistics.ts";
import { costOf, works } from "./work/works.ts";

const [OURS, OURS_128] = ["lamina-1t", "lamina-1t-128bit"];
const MATMUL = "matmul 512x512x512";
const STEP = "vgg6 step b32 Adam";
const ADAM = "Adam 1,000,000";
const convolutions = works.filter(({ id }) => /^conv2d 3x3 \d/.test(id)).map(({ id }) => id);

/** Of our contender on the same work; undefined where it was not timed. */
type Measure = (results: Results, ours: string) => number | undefined;
interface Ambition {
  readonly what: string;
  readonly measure: Measure;
  readonly unit: (x: number) => string;
  /** With 128 bits, and with more. */
  readonly aims: readonly [number, number?];
}
const times = (x: number): string => `${x.toFixed(2)} times`;
const percent = (x: number): string => `${Math.round(100 * x)} %`;
const billions = (x: number): string => `${x.toFixed(2)} G/s`;

const peerRow = (results: Results, work: string, peer: string): Row | undefined =>
  peer.includes("-1t")
    ? rowOf(results, work, peer)
    : bestOf(results, work, fields[0]).find(({ name }) => name === peer)?.row;
/** Our speed as a multiple of a peer's: the geometric mean over what both have done. */
const against =
  (peer: string, ...ids: readonly string[]): Measure =>
  (results, ours) => {
    const ratios = ids.flatMap((id) => {
      const [mine, theirs] = [rowOf(results, id, ours), peerRow(results, id, peer)];
      return mine?.rounds.length && theirs?.rounds.length ? [multiple(theirs, mine)] : [];
    });
    return ratios.length > 0 ? geometricMean(ratios) : undefined;
  };
const shareOfPeak: Measure = (results, ours) => {
  const row = rowOf(results, MATMUL, ours);
  return row && shareOfLimit(results, row, 1)?.share;
};
const updates: Measure = (results, ours) => {
  const time = timeOf(rowOf(results, ADAM, ours));
  const work = works.find(({ id }) => id === ADAM)!;
  return time && costOf(work).bytes / (7 * 4) / time / 1e6; // seven floats a parameter
};

const ambitions: readonly Ambition[] = [
  { what: `${MATMUL}, of the peak with 128 bits`, measure: shareOfPeak, unit: percent, aims: [0.95] },
  { what: `${MATMUL}, PyTorch's speed`, measure: against("PyTorch", MATMUL), unit: times, aims: [0.28, 0.5] },
  { what: `${MATMUL}, tfjs-wasm's`, measure: against("tfjs-wasm", MATMUL), unit: times, aims: [1.45] },
  { what: `${MATMUL}, onnxruntime-web's`, measure: against("ort-web", MATMUL), unit: times, aims: [1.75] },
  {
    what: "conv2d 3x3, nine shapes, PyTorch's",
    measure: against("PyTorch", ...convolutions),
    unit: times,
    aims: [0.9, 1.5],
  },
  { what: "conv2d 3x3, tfjs-wasm's", measure: against("tfjs-wasm", ...convolutions), unit: times, aims: [4.5] },
  { what: "conv2d 3x3, onnxruntime-web's", measure: against("ort-web", ...convolutions), unit: times, aims: [6] },
  { what: `${STEP}, that of PyTorch at its fastest`, measure: against("PyTorch", STEP), unit: times, aims: [1, 1.5] },
  { what: `${STEP}, that of PyTorch as installed`, measure: against("torch-1t", STEP), unit: times, aims: [2] },
  { what: "Adam, parameters a second", measure: updates, unit: billions, aims: [1.5] },
  { what: "Adam, PyTorch's speed", measure: against("PyTorch", ADAM), unit: times, aims: [1.25] },
];

/** Head and rows of the table; no rows where nothing of it was timed. */
export function besideAmbitions(results: Results) {
  const cell = ({ measure, unit }: Ambition, ours: string): string => {
    const found = measure(results, ours);
    return found === undefined ? "" : unit(found);
  };
  const rows = ambitions
    .map((one) => {
      const [narrow, wide = narrow] = one.aims;
      return [one.what, cell(one, OURS_128), one.unit(narrow), cell(one, OURS), one.unit(wide)];
    })
    .filter(([, narrow, , wide]) => narrow !== "" || wide !== "");
  return { head: ["", "128 bits", "aim", "by default", "aim"], rows };
}
