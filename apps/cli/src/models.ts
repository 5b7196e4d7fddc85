// Models by name: the table behind --model. A model itself is a function that anyone can import.
import type { nn } from "@lamina/core";
import { bnLenet, lenet, lenetMaxPool } from "@lamina/models";

interface ModelEntry {
  readonly description: string;
  make(): nn.Module;
}
export const models: Readonly<Record<string, ModelEntry>> = {
  lenet: { description: "LeNet as the book has it: sigmoids, average pools, Xavier", make: () => lenet() },
  "bn-lenet": { description: "LeNet with batch normalisation", make: () => bnLenet() },
  "d2lzh/lenet": {
    description: "LeNet of the book's older edition: max pools, no padding",
    make: () => lenetMaxPool(),
  },
};
export const modelList = (): string =>
  Object.entries(models)
    .map(([name, m]) => `  ${name.padEnd(14)}${m.description}`)
    .join("\n");
