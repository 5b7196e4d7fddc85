// maxPool2dGrad: dy added at `indices` of its plane.
import { bytesOf, type Shape, type Spec } from "@lamina/core";
import { I32 } from "../assembler.ts";
import { each, kernelOf, times } from "./emit.ts";
import type { Lower, Lowered } from "./lowered.ts";
import { maxPool2dGradChannelsLast } from "./maxPool2d.channelsLast.ts";
import type { WindowAttrs } from "./windows.ts";

const [DY, INDICES, DX] = [0, 1, 2];

/** What a program knows that keeps images channels-last: the windows of the pooling that gave the indices. */
interface Attrs {
  readonly windows?: WindowAttrs;
}

export const maxPool2dGrad: Lower = ([{ shape }], { windows }: Attrs, out) =>
  windows ? maxPool2dGradChannelsLast(shape, out.shape, windows) : anywhere(shape, out);

const anywhere = (shape: Shape, out: Spec): Lowered => ({
  key: `maxPool2dGrad ${shape} ${out.shape}`,
  emit: () => {
    const f = kernelOf(3);
    const [N, C, H, W] = out.shape;
    const [element, left] = [f.local(I32), f.local(I32)];
    f.get(DX).i32(0).i32(bytesOf(out)).memoryFill();
    each(f, N * C, () => {
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
