// Five training steps of LeNet on the WebAssembly device: what Node and each page run.
import { wasm } from "@lamina/backend-wasm";
import { crossEntropy, manualSeed, randint, randn, setBackend } from "@lamina/core";
import { lenet } from "@lamina/models";
import { SGD } from "@lamina/train";

export async function train() {
  setBackend(await wasm());
  manualSeed(0);
  const model = lenet();
  const optimizer = new SGD(model.parameters(), { lr: 0.5 });
  const [x, labels] = [randn([16, 1, 28, 28]), randint(0, 10, [16])];
  const losses = [];
  for (let step = 0; step < 5; step++) {
    const loss = crossEntropy(model.forward(x), labels);
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    losses.push(await loss.item());
  }
  return losses;
}
