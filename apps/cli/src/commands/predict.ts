// `lamina predict`: what a trained run says of picture files.
import { noGrad, softmax, tensor } from "@lamina/core";
import { decodeImage, transforms } from "@lamina/data";
import type { Command } from "commander";
import { defaultBackend } from "../backends.ts";
import { loadPart } from "../data.ts";
import { Failure } from "../failure.ts";
import { count } from "../numbers.ts";
import { table } from "../table.ts";
import { withTrained } from "../trained.ts";

interface PredictOptions {
  readonly backend: string;
  readonly top: number;
  readonly invert?: boolean;
  readonly json?: boolean;
}
interface Said {
  readonly file: string;
  readonly classes: readonly { readonly name: string; readonly probability: number }[];
}

export function addPredict(program: Command): void {
  program
    .command("predict")
    .description(
      "Say what is in pictures (PNG, JPEG, WebP, …), which are made as large and as grey as those of the run.",
    )
    .argument("<run>", "the run's folder")
    .argument("<pictures...>", "files")
    .option("-t, --top <n>", "how many classes to name", count, 3)
    .option("--invert", "make dark bright and bright dark: Fashion-MNIST is bright on black")
    .option("-b, --backend <name>", "the device", defaultBackend())
    .option("--json", "print JSON")
    .action((run: string, files: string[], { backend, top, invert, json }: PredictOptions) =>
      withTrained(run, backend, async ({ config, model }) => {
        const data = await loadPart(false, config);
        const { image: sample } = data.get(0);
        const resize = new transforms.Resize([sample.height, sample.width]);
        model.eval();
        const said: Said[] = [];
        for (const file of files) {
          const picture = resize.apply(await decoded(file));
          const values = Float32Array.from(picture.data, (v) => (invert ? 255 - v : v) / 255);
          const grey = tensor(values, { shape: [1, 1, sample.height, sample.width] });
          const x = grey.expand([1, sample.channels, sample.height, sample.width]);
          const probabilities = await noGrad(() => softmax(model.forward(x), 1)).data();
          const order = Array.from(probabilities, (probability, i) => ({ name: data.classes[i], probability }));
          said.push({ file, classes: order.sort((a, b) => b.probability - a.probability).slice(0, top) });
        }
        if (json) console.log(JSON.stringify(said, null, 2));
        else print(said);
      }),
    );
}

async function decoded(file: string) {
  try {
    return await decodeImage(file, { channels: 1 });
  } catch (error) {
    throw new Failure(`${file} cannot be decoded (${(error as Error).message}); give the path of a picture`);
  }
}
function print(said: readonly Said[]): void {
  const cell = ({ name, probability }: Said["classes"][number]) => `${name} ${(100 * probability).toFixed(1)} %`;
  const most = Math.max(...said.map(({ classes }) => classes.length));
  const head = ["picture", ...Array.from({ length: most }, (_, i) => (i === 0 ? "most likely" : `then (${i + 1})`))];
  console.log(
    table(
      head,
      said.map(({ file, classes }) => [file, ...classes.map(cell)]),
      head.map(() => "left" as const),
    ),
  );
}
