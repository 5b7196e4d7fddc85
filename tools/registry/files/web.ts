// The packages that know no system, as a program without the types of Node or of browsers uses them; it is checked, not run.
import { type ReferenceOptions, reference } from "@lamina/backend-reference";
import { type WasmOptions, wasm } from "@lamina/backend-wasm";
import { type WebGpuOptions, webgpu } from "@lamina/backend-webgpu";
import { type Backend, crossEntropy, nn, randint, randn, setBackend, type Tensor } from "@lamina/core";
import { lenet } from "@lamina/models";

const backend: Backend = await wasm({ relaxedSimd: false } satisfies WasmOptions);
setBackend(backend);
const model: nn.Module = new nn.Sequential(lenet(), new nn.Linear(10, 10));
const loss: Tensor = crossEntropy(lenet().forward(randn([1, 1, 28, 28])), randint(0, 10, [1]));
export const value: Promise<number> = loss.item();
export const all = [model, reference({} satisfies ReferenceOptions), webgpu({} satisfies WebGpuOptions)];
