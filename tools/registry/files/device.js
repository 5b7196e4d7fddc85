// A small network on the device whose package and function are named, with nothing else of lamina's but core:
// `node device.js @lamina/backend-wasm wasm [options as JSON]`
import { crossEntropy, manualSeed, nn, noGrad, randint, randn, setBackend } from "@lamina/core";

const [name, open, options = "{}"] = process.argv.slice(2);
const { [open]: opened } = await import(name);
const backend = await opened(JSON.parse(options));
setBackend(backend);
manualSeed(0);
const layers = [new nn.Conv2d(1, 4, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2), new nn.Flatten()];
const model = new nn.Sequential(...layers, new nn.Linear(64, 10));
const [x, labels] = [randn([8, 1, 8, 8]), randint(0, 10, [8])];
const losses = [];
for (let step = 0; step < 4; step++) {
  const loss = crossEntropy(model.forward(x), labels);
  loss.backward();
  noGrad(() => {
    for (const parameter of model.parameters()) {
      parameter.set(parameter.sub(parameter.grad.mul(0.5)));
      parameter.grad = undefined;
    }
  });
  losses.push(await loss.item());
}
console.log(JSON.stringify({ losses, device: backend.name, details: backend.details }));
await backend.close();
