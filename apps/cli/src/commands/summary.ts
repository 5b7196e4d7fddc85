// `lamina summary`: layers with output shapes, parameters and multiply-adds.
import { nn, setBackend } from "@lamina/core";
import type { Command } from "commander";
import { openBackend } from "../backends.ts";
import { exitCodes, Failure, lookUp } from "../failure.ts";
import { modelList, models } from "../models.ts";
import { table } from "../table.ts";

function parseShape(text: string): number[] {
  const shape = text.split(",").map(Number);
  if (shape.every((n) => Number.isInteger(n) && n > 0)) return shape;
  throw new Failure(
    `--input is "${text}"; give the sizes of one batch with commas between, like 1,1,28,28`,
    exitCodes.usage,
  );
}
const grouped = (n: number) => n.toLocaleString("en-US");

function print({ layers, parameters, macs, input }: nn.Summary): void {
  const rows = layers.map((l) => [l.name, l.type, `[${l.output.join(", ")}]`, grouped(l.parameters), grouped(l.macs)]);
  const total = ["total", "", `input [${input.join(", ")}]`, grouped(parameters), grouped(macs)];
  const head = ["layer", "type", "output shape", "parameters", "multiply-adds"];
  console.log(table(head, [...rows, total], ["left", "left", "left", "right", "right"]));
}

export function addSummary(program: Command): void {
  program
    .command("summary")
    .description("Show a model's layers: output shapes, parameters, multiply-adds.")
    .argument("<model>", "name of the model")
    .option("-i, --input <shape>", "shape of the input with its batch", "1,1,28,28")
    .option("--json", "print JSON")
    .addHelpText("after", `\nModels:\n${modelList()}`)
    .action(async (name: string, { input, json }: { input: string; json?: boolean }) => {
      const shape = parseShape(input);
      const { make } = lookUp(models, "model", name);
      setBackend(await openBackend("reference")); // records shapes only; computes nothing
      const summary = nn.summary(make(), shape);
      if (json) console.log(JSON.stringify(summary, null, 2));
      else print(summary);
    });
}
