// `lamina summary`: layers with output shapes, parameters, multiply-adds and receptive fields; what use and training take of memory.
import { nn } from "@lamina/core";
import { type Command, Option } from "commander";
import { exitCodes, Failure, lookUp } from "../failure.ts";
import { modelList, models } from "../models.ts";
import { count } from "../numbers.ts";

interface SummaryOptions {
  readonly input?: string;
  readonly depth?: number;
  readonly json?: boolean;
  readonly mermaid?: boolean;
}

function parseShape(text: string): number[] {
  const shape = text.split(",").map(Number);
  if (shape.every((n) => Number.isInteger(n) && n > 0)) return shape;
  throw new Failure(
    `--input is "${text}"; give the sizes of one batch with commas between, like 1,1,28,28`,
    exitCodes.usage,
  );
}
function show(summary: nn.Summary, { json, mermaid }: SummaryOptions): string {
  if (json) return JSON.stringify(summary, null, 2);
  return mermaid ? summary.toMermaid() : String(summary);
}

export function addSummary(program: Command): void {
  program
    .command("summary")
    .description("Show a model's layers: output shapes, parameters, multiply-adds, receptive fields, memory.")
    .argument("<model>", "name of the model")
    .option("-i, --input <shape>", "shape of the input with its batch (default: one picture of the model's own size)")
    .option("--depth <n>", "show only so many levels of layers inside layers", count)
    .option("--json", "print JSON")
    .addOption(new Option("--mermaid", "print a flow chart in Mermaid").conflicts("json"))
    .addHelpText("after", `\nModels:\n${modelList()}`)
    .action((name: string, options: SummaryOptions) => {
      const { make, input } = lookUp(models, "model", name);
      const shape = options.input === undefined ? [1, ...input] : parseShape(options.input);
      const model = make({ imageSize: options.input === undefined || shape.length < 3 ? undefined : shape.at(-2) });
      console.log(show(summaryOf(name, model, shape, options.depth), options));
    });
}
function summaryOf(name: string, model: nn.Module, shape: number[], depth: number | undefined): nn.Summary {
  try {
    return nn.summary(model, shape, { depth });
  } catch (error) {
    throw new Failure(`${name} does not take an input of [${shape}]: ${(error as Error).message}`, exitCodes.usage);
  }
}
