// What a report shows of a trained model: which class it takes for which, the pictures it gets most surely wrong, the filters of its
// first convolution, and what its convolutions make of one picture. Drawing is left to html.ts.
import { argmax, gather, nn, noGrad, softmax, type Tensor, unsqueeze } from "@lamina/core";
import { DataLoader, type Image, type ImageDataset } from "@lamina/data";
import { ConfusionMatrix } from "@lamina/train";

export interface Mistake {
  readonly image: Image;
  readonly label: string;
  readonly said: string;
  /** How sure it was, 0..1. */
  readonly probability: number;
}
export interface FeatureMaps {
  /** Path and type of the layer. */
  readonly layer: string;
  readonly channels: readonly Image[];
}
/** What the middle of a layer's result sees of the picture. */
export interface SeenRegion {
  readonly layer: string;
  readonly region: nn.Region;
}
export interface Inspection {
  readonly matrix: ConfusionMatrix;
  /** Surest first. */
  readonly mistakes: readonly Mistake[];
  /** Of the first convolution: grey, or in colour if it takes three channels. */
  readonly filters: readonly Image[];
  /** The picture that the feature maps are of. */
  readonly picture: Image;
  readonly maps: readonly FeatureMaps[];
  /** Of its convolutions, in the order they run. */
  readonly regions: readonly SeenRegion[];
}

const MISTAKES = 20;
const CHANNELS = 16;
const LAYERS = 8;

/** The model is evaluated on all of `data`, in evaluation mode; the mode is as before afterwards. */
export async function inspect(model: nn.Module, data: ImageDataset, batchSize: number): Promise<Inspection> {
  const { training } = model;
  model.eval();
  try {
    const { matrix, mistakes } = await judge(model, data, batchSize);
    const { image: picture } = await data.get(0);
    const [filters, maps] = [await filtersOf(model), await mapsOf(model, data)];
    return { matrix, mistakes, filters, picture, maps, regions: regionsOf(model, picture) };
  } finally {
    model.train(training);
  }
}

async function judge(model: nn.Module, data: ImageDataset, batchSize: number) {
  const matrix = new ConfusionMatrix(data.classes);
  const wrong: { index: number; said: number; probability: number }[] = [];
  let first = 0;
  for await (const [x, y] of new DataLoader(data, { batchSize })) {
    const { said, sure } = noGrad(() => {
      const logits = model.forward(x);
      const calls = argmax(logits, 1);
      return { said: calls, sure: gather(softmax(logits, 1), 1, unsqueeze(calls, 1)) };
    });
    const [calls, probabilities, labels] = await Promise.all([said.data(), sure.data(), y.data(), matrix.add(said, y)]);
    for (let i = 0; i < labels.length; i++)
      if (calls[i] !== labels[i]) wrong.push({ index: first + i, said: calls[i], probability: probabilities[i] });
    first += labels.length;
  }
  const surest = wrong.sort((a, b) => b.probability - a.probability).slice(0, MISTAKES);
  const mistakes = await Promise.all(
    surest.map(async ({ index, said, probability }) => {
      const { image, label } = await data.get(index);
      return { image, label: data.classes[label], said: data.classes[said], probability };
    }),
  );
  return { matrix, mistakes };
}

async function filtersOf(model: nn.Module): Promise<Image[]> {
  const conv = model.modules().find((m) => m instanceof nn.Conv2d);
  if (!conv) return [];
  const [count, channels, height, width] = conv.weight.shape;
  const shown = channels === 3 ? 3 : 1;
  const values = (await conv.weight.data()) as Float32Array;
  const size = channels * height * width;
  return Array.from({ length: Math.min(count, 4 * CHANNELS) }, (_, i) =>
    stretched(values.slice(i * size, i * size + shown * height * width), shown, height, width),
  );
}

async function mapsOf(model: nn.Module, data: ImageDataset): Promise<FeatureMaps[]> {
  const seen: { layer: string; output: Tensor }[] = [];
  const hook = nn.registerForwardHook(model, (name, module, _, output) => {
    if (module instanceof nn.Conv2d) seen.push({ layer: `${name} (${module.constructor.name})`, output });
  });
  try {
    const [x] = await data.batch(Int32Array.of(0));
    noGrad(() => model.forward(x));
    // spread over the depth of the network
    const step = Math.max(1, Math.ceil(seen.length / LAYERS));
    const chosen = seen.filter((_, i) => i % step === 0);
    return await Promise.all(chosen.map(async ({ layer, output }) => ({ layer, channels: await channelsOf(output) })));
  } finally {
    hook.remove();
  }
}
function regionsOf(model: nn.Module, { channels, height, width }: Image): SeenRegion[] {
  const layers = nn.receptiveField(model, [1, channels, height, width]).filter(({ type }) => type === "Conv2d");
  const chosen = layers.filter((_, i) => i % Math.max(1, Math.ceil(layers.length / LAYERS)) === 0);
  return chosen.flatMap(({ name, size, output, at }) => {
    const [rows, columns] = output.slice(-2);
    const region = at(rows >> 1, columns >> 1);
    return region ? [{ layer: `${name}, ${size[0]} × ${size[1]}`, region }] : [];
  });
}
async function channelsOf(output: Tensor): Promise<Image[]> {
  const [, channels, height, width] = output.shape;
  const values = (await output.data()) as Float32Array;
  const area = height * width;
  return Array.from({ length: Math.min(channels, CHANNELS) }, (_, c) =>
    stretched(values.slice(c * area, (c + 1) * area), 1, height, width),
  );
}

/** Floats made visible: the smallest black, the largest white. */
function stretched(values: Float32Array, channels: number, height: number, width: number): Image {
  const [least, most] = values.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  const range = most - least || 1;
  return { data: Uint8Array.from(values, (v) => Math.round((255 * (v - least)) / range)), channels, height, width };
}
