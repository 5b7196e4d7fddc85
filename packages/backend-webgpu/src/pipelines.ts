// Compiled shaders by key, made in the background: what needs one waits for it in the queue's order. What a shader says is
// for others. Those that were not used for long are forgotten, and the device frees what no program holds any more.
import { Lru } from "@lamina/core/passes";
import type { Gpu } from "./gpu.ts";
import type { Wgsl } from "./kernels/lowered.ts";
import type { Progress } from "./progress.ts";
import { type Signature, shaderText, signatureKey } from "./shader.ts";

export interface Pipeline {
  readonly layout: GPUBindGroupLayout;
  /** Set when it is ready. */
  compiled: GPUComputePipeline | undefined;
  /** Rejects, saying where, if the shader is refused. Undefined once it is ready. */
  ready: Promise<void> | undefined;
}

const COMPUTE_STAGE = 4;
/** A network needs some dozens; in software each takes a megabyte. */
const MOST_PIPELINES = 512;

export class Pipelines {
  private readonly gpu: Gpu;
  private readonly known: Lru<Pipeline>;
  private readonly pending = new Set<Promise<void>>();
  private readonly layouts = new Map<number, { bindings: GPUBindGroupLayout; pipeline: GPUPipelineLayout }>();
  private readonly listeners = new Set<(progress: Progress) => void>();
  private made = 0;
  private asked = 0;
  /** @param most how many are kept for whoever asks again. */
  constructor(gpu: Gpu, most = MOST_PIPELINES) {
    this.gpu = gpu;
    this.known = new Lru(most);
  }

  /** The pipeline of a kernel's lines under a signature; `key` names the lines. */
  of(key: string, signature: Signature, wgsl: () => Wgsl): Pipeline {
    const whole = `${key}|${signatureKey(signature)}`;
    const known = this.known.get(whole);
    if (known) return known;
    const { bindings, pipeline: layout } = this.layout(signature.arrays.reduce((sum, { parts }) => sum + parts, 0));
    const pipeline: Pipeline = { layout: bindings, compiled: undefined, ready: undefined };
    this.known.set(whole, pipeline);
    const ready = this.compile(pipeline, layout, key, shaderText(signature, wgsl()));
    pipeline.ready = ready;
    this.pending.add(ready);
    const done = () => this.pending.delete(ready);
    ready.then(done, done); // the work that waits for it hears of an error
    this.asked++;
    this.tell();
    return pipeline;
  }
  private async compile(pipeline: Pipeline, layout: GPUPipelineLayout, label: string, code: string): Promise<void> {
    const { device } = this.gpu;
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ label, code });
    const refused = device.popErrorScope();
    try {
      const made = device.createComputePipelineAsync({ label, layout, compute: { module, entryPoint: "main" } });
      const [error, compiled] = await Promise.all([refused, made]);
      if (error) throw error;
      pipeline.compiled = compiled;
    } catch (error) {
      throw this.gpu.failure ?? new Error(await explain(label, code, module, error as Error), { cause: error });
    } finally {
      this.made++;
      this.tell();
    }
    pipeline.ready = undefined;
  }
  /** Every array is a storage buffer that may be written: the same buffer holds what is read and what is written. */
  private layout(arrays: number): { bindings: GPUBindGroupLayout; pipeline: GPUPipelineLayout } {
    const known = this.layouts.get(arrays);
    if (known) return known;
    const { device } = this.gpu;
    const bindings = device.createBindGroupLayout({
      entries: Array.from({ length: arrays + 1 }, (_, binding) => ({
        binding,
        visibility: COMPUTE_STAGE,
        buffer: { type: binding === 0 ? ("uniform" as const) : ("storage" as const) },
      })),
    });
    const made = { bindings, pipeline: device.createPipelineLayout({ bindGroupLayouts: [bindings] }) };
    this.layouts.set(arrays, made);
    return made;
  }

  get progress(): Progress {
    return { ready: this.made, total: this.asked };
  }
  /** Resolves when all that has been asked for is there. */
  async settle(onProgress?: (progress: Progress) => void): Promise<void> {
    if (onProgress) this.listeners.add(onProgress);
    try {
      onProgress?.(this.progress);
      while (this.pending.size) await Promise.all(this.pending);
    } finally {
      if (onProgress) this.listeners.delete(onProgress);
    }
  }
  private tell(): void {
    for (const listener of this.listeners) listener(this.progress);
  }
}

/** The compiler's own messages, with the lines they are about. */
async function explain(label: string, code: string, module: GPUShaderModule, error: Error): Promise<string> {
  const lines = code.split("\n");
  const { messages } = await module.getCompilationInfo().catch(() => ({ messages: [] }));
  const said = messages.map(
    ({ type, lineNum, linePos, message }) =>
      `${type} at ${lineNum}:${linePos}: ${message}\n  ${lines[lineNum - 1] ?? ""}`,
  );
  return `webgpu: the shader of ${label} was refused: ${said.length ? said.join("\n") : error.message}`;
}
