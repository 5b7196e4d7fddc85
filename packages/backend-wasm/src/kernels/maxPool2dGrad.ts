// maxPool2dGrad: dy added at `indices` of its plane.
import type { Shape, Spec } from "@lamina/core";
import { I32 } from "../assembler.ts";
import { each, kernelOf, times } from "./emit.ts";
import type { Lower, Lowered } from "./lowered.ts";
import { maxPool2dGradChannelsLast } from "./maxPool2d.channelsLast.ts";
import { toImage, type WindowAttrs } from "./windows.ts";

const [DY, INDICES, DX, IMAGE] = [0, 1, 2, 3];

/** What a program knows that keeps images channels-last: the windows of the pooling that gave the indices. */
interface Attrs {
  readonly windows?: WindowAttrs;
}

export const maxPool2dGrad: Lower = ([{ shape }], { windows }: Attrs, out) =>
  windows ? maxPool2dGradChannelsLast(shape, out.shape, windows) : anywhere(shape, out);

const anywhere = (shape: Shape, out: Spec): Lowered => ({
  key: `maxPool2dGrad ${shape} ${out.shape}`,
  slices: out.shape[0],
  emit: () => {
    const f = kernelOf(4);
    const [, C, H, W] = out.shape;
    toImage(f, IMAGE, [DY, shape], [INDICES, shape], [DX, out.shape]);
    const [element, left] = [f.local(I32), f.local(I32)];
    f.get(DX)
      .i32(0)
      .i32(4 * C * H * W)
      .memoryFill();
    each(f, C, () => {
      times(f, left, shape[2] * shape[3], () => {
        f.get(DX).get(INDICES).loadi().i32(2).op("i32.shl").add().tee(element);
        f.get(element).loadf().get(DY).loadf().op("f32.add").storef();
        f.increase(DY, 4).increase(INDICES, 4);
      });
      f.increase(DX, 4 * H * W);
    });
    return f;
  },
});
