// docs/results.md: every run beside the book's own curve, and whether it is within the bounds.
import { writeFileSync } from "node:fs";
import type { EpochResult } from "@lamina/train";
import { type RunRecord, readRecords } from "./record.ts";
import { type Run, runs } from "./runs.ts";

/** Of the final loss, either way. */
const LOSS_BOUND = 0.08;
/** How far the best test accuracy of the last three epochs may lie below the book's. */
const ACCURACY_BOUND = 0.015;

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
function verdictOf({ book, gate }: Run, epochs: readonly EpochResult[]): Verdict {
  const last = epochs.length - 1;
  const own = epochs[last].trainLoss;
  const best = Math.max(...epochs.slice(-3).map(({ testAccuracy }) => testAccuracy!));
  const loss = own / book.loss[last] - 1;
  const accuracy = best - book.testAccuracy[last];
  const within = gate
    ? own <= gate.loss && best >= gate.testAccuracy
    : Math.abs(loss) <= LOSS_BOUND && accuracy >= -ACCURACY_BOUND;
  return { loss, accuracy, within };
}

const gateText = ({ gate }: Run): string =>
  gate
    ? ` (for this run: loss at most ${gate.loss}, accuracy at least ${gate.testAccuracy}, because how long it stays on its plateau depends on the start)`
    : "";
function verdictText(run: Run, { seed, epochs }: RunRecord): string {
  const { loss, accuracy, within } = verdictOf(run, epochs);
  if (epochs.length < run.epochs)
    return `Seed ${seed}, after epoch ${epochs.length} of ${run.epochs}: loss ${percent(loss)} against the book's of that epoch, best test accuracy ${points(accuracy)} of it; the bounds judge whole runs.`;
  return `Seed ${seed}: loss ${percent(loss)} against the book's, best test accuracy of the last three epochs ${points(accuracy)} of its last: **${within ? "within" : "outside"} the bounds**${gateText(run)}.`;
}

/** The first seed's epochs, and what every seed came to. */
function section(run: Run, records: readonly RunRecord[]): string {
  const [{ epochs, backend, seed, date }] = records;
  const rows = epochs.map(
    (e, i) =>
      `| ${e.epoch} | ${three(e.trainLoss)} | ${three(run.book.loss[i])} | ${three(e.trainAccuracy)} | ${three(e.testAccuracy!)} | ${three(run.book.testAccuracy[i])} |`,
  );
  const done = epochs.length === run.epochs ? `all ${run.epochs} epochs` : `${epochs.length} of ${run.epochs} epochs`;
  const pictures = run.resize ? `, pictures of ${run.resize} x ${run.resize}` : "";
  return [
    `### ${run.name}: ${run.title}`,
    "",
    `${run.settings}, batches of ${run.batchSize}${pictures}; ${done}, ${backend}, seed ${seed}, ${date.slice(0, 10)}.`,
    "",
    "| epoch | train loss | book | train accuracy | test accuracy | book |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
    ...records.flatMap((record) => [verdictText(run, record), ""]),
  ].join("\n");
}

export function writePage(): void {
  const records = Map.groupBy(
    readRecords().sort((a, b) => a.seed - b.seed),
    ({ run }) => run,
  );
  const there = runs.filter(({ name }) => records.has(name));
  const missing = runs.filter(({ name }) => !records.has(name)).map(({ name }) => `\`${name}\``);
  const page = [
    "# Results",
    "",
    "The book's networks trained on Fashion-MNIST with its settings, beside what the book prints or plots. Written by",
    "`node --conditions=source tools/results/src/main.ts RUN …`; a run that was stopped goes on where it was. Sets: A is the book's",
    "Chinese edition 2.0.0, B the English 1.0.3 (whose curve of the loss is of each epoch's second half), C the first PyTorch",
    "edition. A whole run is within the bounds if its last loss is",
    `within ${100 * LOSS_BOUND} % of the book's and its best test accuracy of the last three epochs at most ${100 * ACCURACY_BOUND} points below the book's last.`,
    "A run that was stopped earlier is not judged by them: when a net leaves its first plateau depends on the weights that it starts from.",
    "",
    ...there.map((run) => section(run, records.get(run.name)!)),
    ...(missing.length ? ["## Not run yet", "", missing.join(", "), ""] : []),
  ].join("\n");
  writeFileSync(new URL("../../../docs/results.md", import.meta.url), page);
}
