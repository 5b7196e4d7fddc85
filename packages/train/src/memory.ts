// How large a batch may be: steps are tried on paper until the largest that fits is known.
import {
  allocate,
  inBytes,
  type nn,
  OutOfMemoryError,
  type Rehearsal,
  type RehearseOptions,
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
 * and random numbers are as they were.
 * @throws what the model throws for such a batch.
 */
export function stepMemory(
  model: nn.Module,
  options: StepOptions,
  specs: BatchSpecs,
  device: RehearseOptions = {},
): Rehearsal {
  const { optimizer, ema, accumulate = 1 } = options;
  const trials = [optimizer.trial(), ...(ema ? [ema.trial()] : [])];
  const cells = [...model.parameters(), ...model.buffers(), ...trials.flatMap((t) => t.cells)];
  const modes = model.modules().map((m) => [m, m.training] as const);
  model.train();
  try {
    const step = () => {
      for (let i = 0; i < accumulate; i++)
        recordBatch(model, options, blank(specs), { first: i === 0, last: i === accumulate - 1 });
    };
    return rehearse(new Set(cells), step, device);
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
 * Gives a loader with `batchSize: "auto"` the largest batch whose training step fits the device, at most 256 and at most what there is.
 * On a device that does not know how much memory it has that is 256. Other training data is left alone. {@link fit} calls it.
 * @throws OutOfMemoryError if not even one example fits.
 */
export async function chooseBatchSize(
  model: nn.Module,
  { train, ...options }: StepOptions & { train: object },
): Promise<void> {
  if (!isOpen(train)) return;
  const specs = await train.example();
  stepMemory(model, options, specs); // throws what is wrong with the model or its data
  const most = Math.min(MOST, train.dataset.length);
  const size = largest(most, (n) => stepMemory(model, options, sized(specs, n)).fits);
  if (size === 0) throw explained(model, options, specs)!;
  train.chosenBatchSize = size;
}

/**
 * What to say when a step had no room: by how much, and what would fit. Where the device does not know how much it has, what it had
 * given out before it refused is known to be there. Undefined if nothing is.
 */
export function explained(
  model: nn.Module,
  options: StepOptions,
  specs: BatchSpecs,
  cause?: OutOfMemoryError,
): OutOfMemoryError | undefined {
  const room = { limit: cause?.limit ?? (cause?.inUse || undefined) };
  const needs = stepMemory(model, options, specs, room);
  if (!Number.isFinite(needs.available)) return undefined;
  const { bytes, available } = needs;
  const device = model.parameters()[0].device.name;
  const takes = `a training step on a batch of [${specs[0].shape}] takes ${needs.planned ? "" : "about "}${inBytes(bytes)}`;
  const what = `fit: ${takes}${compared(needs, device, cause)}; ${remedy(model, options, specs, room)}`;
  return new OutOfMemoryError(device, { requested: bytes, inUse: 0, limit: available }, { message: what, cause });
}
function compared({ bytes, available }: Rehearsal, device: string, cause?: OutOfMemoryError): string {
  if (cause && cause.limit === undefined)
    return `; the ${device} device, which does not say how much it has, refused ${inBytes(cause.requested)} more when it had given out ${inBytes(cause.inUse)}`;
  const more = bytes > available ? `, ${inBytes(bytes - available)} more than` : "; in one piece that is more than";
  return `${more} the ${inBytes(available)} that the ${device} device has for it`;
}
function remedy(model: nn.Module, options: StepOptions, specs: BatchSpecs, room: RehearseOptions): string {
  const fits = (s: BatchSpecs) => stepMemory(model, options, s, room).fits;
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
