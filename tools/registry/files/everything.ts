// The main public functions and types of every package, as a strict TypeScript program for Node uses them; it is checked, not run.
import { type GpujsOptions, gpujs } from "@lamina/backend-gpujs";
import { type ReferenceOptions, reference } from "@lamina/backend-reference";
import { type TfjsNodeOptions, tfjsNode } from "@lamina/backend-tfjs-node";
import { type WasmBackend, type WasmOptions, wasm } from "@lamina/backend-wasm";
import { type WebGpu, type WebGpuOptions, webgpu } from "@lamina/backend-webgpu";
import { bisectBackends, type Report, runConformance } from "@lamina/conformance";
import { runInBrowser } from "@lamina/conformance/browser";
import { withOptions } from "@lamina/conformance/command";
import { conformInBrowser, conformWith } from "@lamina/conformance/vitest";
import {
  type Backend,
  crossEntropy,
  type DType,
  manualSeed,
  nn,
  noGrad,
  type Parameter,
  randn,
  relu,
  setBackend,
  type Tensor,
  tensor,
} from "@lamina/core";
import { movements } from "@lamina/core/passes";
import { type Batch, DataLoader, type Dataset, FashionMNIST, transforms } from "@lamina/data";
import { serve } from "@lamina/data/worker";
import { backendStatuses, fastestBackend, openBackend } from "@lamina/devices";
import { classes, files } from "@lamina/fashion-mnist";
import { alexnet, densenet, googlenet, lenet, resnet18, vgg11 } from "@lamina/models";
import { Adam, evaluate, type FitOptions, fit, SGD } from "@lamina/train";
import { checkpointFolder } from "@lamina/train/checkpoint";

class Net extends nn.Module {
  readonly conv = new nn.Conv2d(1, 6, 5);
  readonly head = new nn.Linear(6 * 24 * 24, 10);
  override forward(x: Tensor): Tensor {
    return this.head.forward(relu(this.conv.forward(x)).flatten(1));
  }
}

const wasmOptions: WasmOptions = { profile: true };
const device: WasmBackend = await wasm(wasmOptions);
const others: Backend[] = [
  await reference({} satisfies ReferenceOptions),
  await gpujs({ mode: "cpu" } satisfies GpujsOptions),
  await tfjsNode({ threads: 1 } satisfies TfjsNodeOptions),
];
const gpu: WebGpu = await webgpu({ powerPreference: "low-power" } satisfies WebGpuOptions);
setBackend(device);
setBackend(await openBackend("wasm"));
manualSeed(0);

const model = new Net();
const dtype: DType = tensor([[1, 2]], { dtype: "int32" }).dtype;
const parameters: Parameter[] = [...model.parameters()];
const loss: Tensor = crossEntropy(model.forward(randn([2, 1, 28, 28])), tensor([1, 2], { dtype: "int32" }));
loss.backward();
const value: number = await loss.item();
const gradient: Tensor | undefined = parameters[0]?.grad;
const frozen: Tensor = noGrad(() => model.forward(randn([1, 1, 28, 28])));

const networks: nn.Module[] = [lenet(), alexnet(), vgg11(), googlenet(), resnet18(), densenet()];
const data = await FashionMNIST.load({ train: false });
const loader = new DataLoader(data, { batchSize: 8, shuffle: true });
for await (const [x, labels] of loader) console.log(x.shape, labels.dtype satisfies DType);
const optimizers = [new SGD(model.parameters(), { lr: 0.1 }), new Adam(model.parameters())];

export const report: Promise<Report> = runConformance("mine", async () => device, { filter: "relu" });
export const pages = [
  checkpointFolder("run"),
  files.testImages.href,
  classes[0],
  transforms,
  backendStatuses,
  movements,
];
export const functions = [bisectBackends, fastestBackend, runInBrowser, withOptions, serve, fit, evaluate];
export const adapters = [conformWith, conformInBrowser];
export const all = { others, gpu, dtype, value, gradient, frozen, networks, optimizers };
export type Shapes = [FitOptions, Batch, Dataset<unknown>];
