// Attributes of conv2d and its adjoints, and what follows from them.
import { type Form, formsOf, type Winograd } from "./winograd.ts";

export interface ConvAttrs {
  /** [h, w] */
  readonly stride: readonly number[];
  /** top, bottom, left, right */
  readonly padding: readonly number[];
  /** [h, w] */
  readonly dilation: readonly number[];
  readonly groups: number;
  /** Set where a program keeps images channels-last (channelsLast.ts); shapes are then those of how they lie. */
  readonly layout?: Layout;
}
export interface Layout {
  /** Of the image x; false where it has few channels and stays NCHW. y is channels-last in any case. */
  readonly channelsLast: boolean;
  readonly winograd: Winograd;
}

/** Attributes as text, for keys. */
export const convKey = ({ stride, padding, dilation, groups, layout }: ConvAttrs): string =>
  `s${stride} p${padding} d${dilation} g${groups}${layout ? ` ${layout.channelsLast ? "last" : "into last"} ${layout.winograd}` : ""}`;

/** The logical shape of what lies channels-last. */
export const nchw = ([n, h, w, c]: readonly number[]): number[] => [n, c, h, w];

/** Pixels below which transforming the weights costs more than is saved. */
const FEW_PIXELS = 64;
const FEW_CHANNELS = 8;

/** Winograd's form for a convolution and its adjoints, if it has one that pays; `out` is the size of y. */
export function winogradOf(
  { stride, dilation, groups }: ConvAttrs,
  [kh, kw]: readonly number[],
  channelsIn: number,
  channelsOut: number,
  images: number,
  out: readonly [number, number],
  winograd: Winograd,
): Form | undefined {
  if (kh !== kw || groups !== 1 || [...stride, ...dilation].some((n) => n !== 1)) return undefined;
  if (Math.min(channelsIn, channelsOut) < FEW_CHANNELS || images * out[0] * out[1] < FEW_PIXELS) return undefined;
  // multiplications of whole tiles against those of the definition
  const along = (n: number, form: Form) => (Math.ceil(n / form.outputs) * form.points) / (n * kh);
  const cost = (form: Form) => along(out[0], form) * along(out[1], form);
  const [best] = [...formsOf(kh, winograd)].sort((a, b) => cost(a) - cost(b));
  return best && cost(best) < 0.75 ? best : undefined;
}
