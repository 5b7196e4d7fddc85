// How large a batch may be: steps are tried on paper, on devices that can plan ahead, until the largest that fits is known.
import {
  allocate,
  inBytes,
  type nn,
  OutOfMemoryError,
  type Rehearsal,
  rehearse,
  type Spec,
  sizeOf,
  type Tensor,
  tensor,
} from "@lamina/core";
import { recordBatch, type StepOptions } from "./step.ts";

/** Shapes and dtypes of a batch: inputs and labels. */
export type BatchSpecs = readonly [x: Spec, y: Spec];
/** A loader whose batch size was left open, as `new DataLoader(data, { batchSize: "auto" })`. */
interface Sizable {
  readonly dataset: { readonly length: number };
  /** Undefined until it is chosen. */
  chosenBatchSize: number | undefined;
  /** A batch of one example. */
  example(): Promise<readonly [Tensor, Tensor]>;
}
const isOpen = (train: object): train is Sizable => "chosenBatchSize" in train && train.chosenBatchSize === undefined;

/** What "auto" takes at most: the largest batch of the book. More would fit most devices, and learn less in an epoch. */
const MOST = 256;

/**
 * What a training step on batches of these shapes takes of the device's memory, without running it; afterwards model, optimiser
 * and random numbers are as they were. Undefined on a device that cannot plan ahead.
 * @throws what the model throws for such a batch.
 */
export function stepMemory(model: nn.Module, options: StepOptions, specs: BatchSpecs): Rehearsal | undefined {
  const { optimizer, ema, accumulate = 1 } = options;
  const trials = [optimizer.trial(), ...(ema ? [ema.trial()] : [])];
  const cells = [...model.parameters(), ...model.buffers(), ...trials.flatMap((t) => t.cells)];
  const modes = model.modules().map((m) => [m, m.training] as const);
  model.train();
  try {
    return rehearse(new Set(cells), () => {
      for (let i = 0; i < accumulate; i++)
        recordBatch(model, options, blank(specs), { first: i === 0, last: i === accumulate - 1 });
    });
  } finally {
    for (const [m, mode] of modes) m.training = mode;
    for (const { undo } of trials) undo();
  }
}
function blank([x, y]: BatchSpecs): [Tensor, Tensor] {
  const zeros = ({ shape, dtype }: Spec) => tensor(allocate(dtype, sizeOf(shape)), { shape, dtype });
  return [zeros(x), zeros(y)];
}
const sized = (specs: BatchSpecs, n: number): BatchSpecs => {
  const [x, y] = specs.map(({ shape, dtype }) => ({ shape: [n, ...shape.slice(1)], dtype }));
  return [x, y];
};

/** The largest of 1 … most that fits; 0 if none does. What throws is too small for the model. */
function largest(most: number, fits: (n: number) => boolean): number {
  let [low, high] = [0, most + 1];
  for (let n = most; high - low > 1; n = (low + high) >> 1) {
    let [holds, tooSmall] = [false, false];
    try {
      holds = fits(n);
    } catch {
      tooSmall = true;
    }
    if (holds || tooSmall) low = n;
    else high = n;
    if (tooSmall && n === most) return 0; // it takes no other size
  }
  return low;
}

/**
 * Gives a loader with `batchSize: "auto"` the largest batch whose training step fits the device, at most 256 and at most what there is;
 * 256 on a device that cannot plan ahead. Other training data is left alone. {@link fit} calls it.
 * @throws OutOfMemoryError if not even one example fits.
 */
export async function chooseBatchSize(
  model: nn.Module,
  { train, ...options }: StepOptions & { train: object },
): Promise<void> {
  if (!isOpen(train)) return;
  const specs = await train.example();
  const fits = (n: number) => stepMemory(model, options, sized(specs, n))?.fits ?? true;
  stepMemory(model, options, specs); // throws what is wrong with the model or its data
  const most = Math.min(MOST, train.dataset.length);
  const size = largest(most, fits);
  if (size === 0) throw explained(model, options, specs)!;
  train.chosenBatchSize = size;
}

/** What to say when a step had no room: by how much, and what would fit. Undefined on a device that cannot plan ahead. */
export function explained(
  model: nn.Module,
  options: StepOptions,
  specs: BatchSpecs,
  cause?: OutOfMemoryError,
): OutOfMemoryError | undefined {
  const needs = stepMemory(model, options, specs);
  if (!needs || !Number.isFinite(needs.available)) return undefined;
  const { bytes, available } = needs;
  const device = model.parameters()[0].device.name;
  const more = bytes > available ? `, ${inBytes(bytes - available)} more than` : "; in one piece that is more than";
  const size = `a training step on a batch of [${specs[0].shape}] takes ${inBytes(bytes)}`;
  return new OutOfMemoryError(
    device,
    { requested: bytes, inUse: 0, limit: available },
    {
      message: `fit: ${size}${more} the ${inBytes(available)} that the ${device} device has for it; ${remedy(model, options, specs)}`,
      cause,
    },
  );
}
function remedy(model: nn.Module, options: StepOptions, specs: BatchSpecs): string {
  const fits = (s: BatchSpecs) => stepMemory(model, options, s)!.fits;
  const [x] = specs;
  const batch = largest(x.shape[0] - 1, (n) => fits(sized(specs, n)));
  const [height = 0, width = 0] = x.shape.slice(2);
  const resized = (h: number): BatchSpecs => [
    { ...x, shape: [...x.shape.slice(0, 2), h, Math.max(1, Math.round((h * width) / height))] },
    specs[1],
  ];
  const side = x.shape.length === 4 ? largest(height - 1, (h) => fits(resized(h))) : 0;
  const ways = [
    ...(batch ? [`batches of ${batch}`] : []),
    ...(side ? [`pictures of ${resized(side)[0].shape.slice(2).join(" x ")} (resize)`] : []),
  ];
  if (ways.length) return `what fits: ${ways.join(", or ")}`;
  return "not even a single example fits: use a smaller model, smaller pictures, or a device with more memory";
}
