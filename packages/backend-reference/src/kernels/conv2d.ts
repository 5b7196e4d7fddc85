// conv2d and its two adjoints. All three walk the same products; they differ in which of the three arrays they add into.
import type { Definition, NdArray } from "../ndarray.ts";

export interface ConvAttrs {
  readonly stride: readonly number[];
  /** top, bottom, left, right */
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/**
 * Calls `visit` with the positions of x[n,c,h,w], w[o,c',p,q] and y[n,o,i,j] for every product of
 * y[n,o,i,j] = sum over c',p,q of x[n, c, i*stride - top + p*dilation, j*stride - left + q*dilation] * w[o,c',p,q],
 * where c' counts the channels of o's group and c is that channel among all. Where x would be in the padding there is no product.
 */
function eachProduct(
  [N, C, H, W]: readonly number[],
  [O, perGroup, kh, kw]: readonly number[],
  [, , oh, ow]: readonly number[],
  { stride, padding, dilation, groups }: ConvAttrs,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [top, , left] = padding;
  for (let n = 0; n < N; n++)
    for (let o = 0; o < O; o++)
      for (let g = 0; g < perGroup; g++) {
        const c = Math.floor(o / (O / groups)) * perGroup + g;
        for (let i = 0; i < oh; i++)
          for (let j = 0; j < ow; j++)
            for (let p = 0; p < kh; p++) {
              const h = i * stride[0] - top + p * dilation[0];
              if (h < 0 || h >= H) continue;
              for (let q = 0; q < kw; q++) {
                const w = j * stride[1] - left + q * dilation[1];
                if (w < 0 || w >= W) continue;
                visit(
                  ((n * C + c) * H + h) * W + w,
                  ((o * perGroup + g) * kh + p) * kw + q,
                  ((n * O + o) * oh + i) * ow + j,
                );
              }
            }
      }
}

/** Sums in float64, then stores: each element is rounded once. */
function accumulated(out: NdArray, add: (sums: Float64Array) => void): void {
  const sums = new Float64Array(out.data.length);
  add(sums);
  out.data.set(sums);
}

/** x [N,C,H,W], w [O,C/groups,kh,kw] -> y [N,O,oh,ow]: the cross-correlation of torch.nn.functional.conv2d, without bias. */
export const conv2d: Definition<ConvAttrs> = ([x, w], attrs, _scalars, out) =>
  accumulated(out, (sums) => {
    eachProduct(x.shape, w.shape, out.shape, attrs, (xAt, wAt, yAt) => {
      sums[yAt] += x.data[xAt] * w.data[wAt];
    });
  });

/** dy [N,O,oh,ow], w -> dx [N,C,H,W]: each product again, dy * w added where x was read. */
export const conv2dGradInput: Definition<ConvAttrs> = ([dy, w], attrs, _scalars, out) =>
  accumulated(out, (sums) => {
    eachProduct(out.shape, w.shape, dy.shape, attrs, (xAt, wAt, yAt) => {
      sums[xAt] += dy.data[yAt] * w.data[wAt];
    });
  });

/** x, dy -> dw [O,C/groups,kh,kw]: each product again, x * dy added where w was read. */
export const conv2dGradWeight: Definition<ConvAttrs> = ([x, dy], attrs, _scalars, out) =>
  accumulated(out, (sums) => {
    eachProduct(x.shape, out.shape, dy.shape, attrs, (xAt, wAt, yAt) => {
      sums[wAt] += x.data[xAt] * dy.data[yAt];
    });
  });
