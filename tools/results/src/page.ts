// docs/results.md: every run beside the book's own curve, and whether it is within the bounds.
import { writeFileSync } from "node:fs";
import type { EpochResult } from "@lamina/train";
import { type RunRecord, readRecords } from "./record.ts";
import { type Run, runs } from "./runs.ts";

/** Of the final loss, either way. */
const LOSS_BOUND = 0.08;
/** How far the best test accuracy of the last three epochs may lie below the book's. */
const ACCURACY_BOUND = 0.015;

const lossOf = (run: Run, epoch: EpochResult): number =>
  run.book.lossOf === "train" ? epoch.trainLoss : epoch.testLoss!;
const three = (x: number): string => x.toFixed(3);
const signed = (x: number): string => `${x < 0 ? "−" : "+"}${Math.abs(100 * x).toFixed(1)}`;
const percent = (x: number): string => `${signed(x)} %`;
const points = (x: number): string => `${signed(x)} points`;

interface Verdict {
  /** Ours against the book's, at the last epoch that was run. */
  readonly loss: number;
  /** Our best of the last three epochs less the book's last. */
  readonly accuracy: number;
  readonly within: boolean;
}
function verdictOf({ book, gate, ...run }: Run, epochs: readonly EpochResult[]): Verdict {
  const last = epochs.length - 1;
  const own = lossOf({ book, ...run }, epochs[last]);
  const best = Math.max(...epochs.slice(-3).map(({ testAccuracy }) => testAccuracy!));
  const loss = own / book.loss[last] - 1;
  const accuracy = best - book.testAccuracy[last];
  const within = gate
    ? own <= gate.loss && best >= gate.testAccuracy
    : Math.abs(loss) <= LOSS_BOUND && accuracy >= -ACCURACY_BOUND;
  return { loss, accuracy, within };
}

function section(run: Run, { epochs, backend, seed, date }: RunRecord): string {
  const { loss, accuracy, within } = verdictOf(run, epochs);
  const rows = epochs.map(
    (e, i) =>
      `| ${e.epoch} | ${three(lossOf(run, e))} | ${three(run.book.loss[i])} | ${three(e.trainAccuracy)} | ${three(e.testAccuracy!)} | ${three(run.book.testAccuracy[i])} |`,
  );
  const done = epochs.length === run.epochs ? `all ${run.epochs} epochs` : `${epochs.length} of ${run.epochs} epochs`;
  return [
    `### ${run.name}: ${run.title}`,
    "",
    `${run.settings}, batches of ${run.batchSize}${run.resize ? `, pictures of ${run.resize} x ${run.resize}` : ""}; ${done}, ${backend}, seed ${seed}, ${date.slice(0, 10)}.`,
    "",
    `| epoch | ${run.book.lossOf} loss | book | train accuracy | test accuracy | book |`,
    "|---|---|---|---|---|---|",
    ...rows,
    "",
    `Loss ${percent(loss)} against the book's, best test accuracy of the last three epochs ${points(accuracy)} of its last: **${within ? "within" : "outside"} the bounds**${run.gate ? ` (for this run: loss at most ${run.gate.loss}, accuracy at least ${run.gate.testAccuracy}: how long it stays on its plateau depends on the start)` : ""}.`,
    "",
  ].join("\n");
}

export function writePage(): void {
  const records = new Map(readRecords().map((record) => [record.run, record]));
  const there = runs.filter(({ name }) => records.has(name));
  const missing = runs.filter(({ name }) => !records.has(name)).map(({ name }) => `\`${name}\``);
  const page = [
    "# Results",
    "",
    "The book's networks trained on Fashion-MNIST with its settings, beside what the book prints or plots. Written by",
    "`node --conditions=source tools/results/src/main.ts RUN …`; a run that was stopped goes on where it was. Sets: A is the book's",
    "Chinese edition 2.0.0, B the English 1.0.3, C the first PyTorch edition. A run is within the bounds if its last loss is",
    `within ${100 * LOSS_BOUND} % of the book's and its best test accuracy of the last three epochs at most ${100 * ACCURACY_BOUND} points below the book's last.`,
    "",
    ...there.map((run) => section(run, records.get(run.name)!)),
    ...(missing.length ? ["## Not run yet", "", missing.join(", "), ""] : []),
  ].join("\n");
  writeFileSync(new URL("../../../docs/results.md", import.meta.url), page);
}
