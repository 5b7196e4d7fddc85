// `lamina eval`: how well a trained run does on test pictures, class by class.

import { crossEntropy, noGrad } from "@lamina/core";
import { DataLoader } from "@lamina/data";
import { ConfusionMatrix, countTopK } from "@lamina/train";
import type { Command } from "commander";
import { defaultBackend } from "../backends.ts";
import { DATA_HELP, loadPart } from "../data.ts";
import { table } from "../table.ts";
import { withTrained } from "../trained.ts";

interface EvalOptions {
  readonly backend: string;
  readonly data?: string;
  readonly json?: boolean;
}

export function addEval(program: Command): void {
  program
    .command("eval")
    .description("Evaluate a trained run on the test pictures: loss, accuracy, and precision and recall of each class.")
    .argument("<run>", "the run's folder")
    .option("-d, --data <source>", `${DATA_HELP} (default: the run's)`)
    .option("-b, --backend <name>", "the device", defaultBackend())
    .option("--json", "print JSON")
    .action((run: string, { backend, data, json }: EvalOptions) =>
      withTrained(run, backend, async ({ config, model }) => {
        const test = await loadPart(false, { ...config, data: data ?? config.data });
        const loader = new DataLoader(test, { batchSize: config.batchSize });
        const matrix = new ConfusionMatrix(test.classes);
        let [loss, top5] = [0, 0];
        model.eval();
        for await (const [x, y] of loader) {
          const [logits, mean] = noGrad(() => {
            const given = model.forward(x);
            return [given, crossEntropy(given, y)] as const;
          });
          const among = countTopK(logits, y, Math.min(5, test.classes.length));
          const [value, count] = await Promise.all([mean.item(), among.item(), matrix.add(logits, y)]);
          loss += (value * y.shape[0]) / test.length;
          top5 += count;
        }
        const { precision, recall, f1 } = matrix.macro;
        const scores = {
          loss,
          accuracy: matrix.accuracy,
          top5: top5 / test.length,
          precision,
          recall,
          f1,
          examples: test.length,
        };
        const classes = test.classes.map((name, i) => ({ name, ...matrix.of(i) }));
        if (json) console.log(JSON.stringify({ ...scores, classes, confusion: matrix.counts }, null, 2));
        else print(scores, classes);
      }),
    );
}

const three = (x: number): string => x.toFixed(3);
const percent = (x: number): string => `${(100 * x).toFixed(2)} %`;
type Scores = Readonly<Record<"loss" | "accuracy" | "top5" | "precision" | "recall" | "f1" | "examples", number>>;
function print(
  { loss, accuracy, top5, precision, recall, f1, examples }: Scores,
  classes: readonly { name: string; precision: number; recall: number; f1: number; support: number }[],
): void {
  console.log(
    `loss ${loss.toFixed(4)}, accuracy ${percent(accuracy)}, among the first five ${percent(top5)}, ${examples} pictures`,
  );
  const rows = classes.map((c) => [c.name, three(c.precision), three(c.recall), three(c.f1), c.support]);
  const mean = ["mean", three(precision), three(recall), three(f1), examples];
  console.log(
    table(
      ["class", "precision", "recall", "F1", "pictures"],
      [...rows, mean],
      ["left", "right", "right", "right", "right"],
    ),
  );
}
