// Makes one batch of many items, as torch.utils.data.default_collate: the loader's way for datasets without one of their own.
import { type DType, Tensor, type TypedArray, tensor } from "@lamina/core";

/** What can be batched without being told how. */
export type Collatable = number | TypedArray | Tensor | readonly Collatable[];
type Collated = Tensor | Collated[];

/**
 * Stacks items along a new first axis. Tensors keep shape and dtype; typed arrays become rows [B, n]; numbers are labels
 * and become int32 [B]; tuples become tuples, collated place by place.
 * @throws if items differ in kind, shape or dtype, or a number is not whole, naming the item.
 */
export async function defaultCollate(items: readonly Collatable[]): Promise<Collated> {
  const [first] = items;
  items.forEach((item, i) => {
    if (kindOf(item) !== kindOf(first))
      throw new Error(
        `collate: item ${i} of the batch is ${kindOf(item)} but item 0 is ${kindOf(first)}; give all items one form, or pass collate`,
      );
  });
  if (typeof first === "number") return labels(items as number[]);
  if (first instanceof Tensor) return stack(items as Tensor[]);
  if (ArrayBuffer.isView(first))
    return rows(items as TypedArray[], [(first as TypedArray).length], dtypeOf(first as TypedArray));
  if (Array.isArray(first))
    return Promise.all(first.map((_, place) => defaultCollate(items.map((item) => (item as Collatable[])[place]))));
  throw new Error(
    `collate: item 0 of the batch is ${kindOf(first)}; return numbers, typed arrays, tensors or tuples of them, or pass collate`,
  );
}

/** Items of equal kind can be collated together. */
function kindOf(item: unknown): string {
  if (item instanceof Tensor) return `a ${item.dtype} tensor [${item.shape}]`;
  if (ArrayBuffer.isView(item)) return `a ${item.constructor.name} of ${(item as TypedArray).length}`;
  if (Array.isArray(item)) return `a tuple of ${item.length}`;
  return typeof item === "number" ? "a number" : `of type ${typeof item}`;
}

function labels(values: readonly number[]): Tensor {
  const odd = values.findIndex((v) => !Number.isInteger(v));
  if (odd >= 0)
    throw new Error(
      `collate: item ${odd} of the batch is ${values[odd]}, but plain numbers are labels and must be whole; return Float32Array.of(x) for other numbers`,
    );
  return tensor(Int32Array.from(values), { shape: [values.length], dtype: "int32" });
}

async function stack(tensors: readonly Tensor[]): Promise<Tensor> {
  return rows(await Promise.all(tensors.map((t) => t.data())), tensors[0].shape, tensors[0].dtype);
}

function rows(parts: readonly TypedArray[], shape: readonly number[], dtype: DType): Tensor {
  const size = parts[0].length;
  const out = new (parts[0].constructor as new (length: number) => TypedArray)(parts.length * size);
  parts.forEach((part, i) => {
    out.set(part, i * size);
  });
  return tensor(out, { shape: [parts.length, ...shape], dtype });
}

function dtypeOf(array: TypedArray): DType {
  if (array instanceof Uint8Array) return "uint8";
  return array instanceof Int32Array ? "int32" : "float32";
}
