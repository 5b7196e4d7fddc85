// A picture on the host, plane by plane. Reading files is left to decode.ts, changing pictures to transforms/.

/** Bytes 0..255, or floats (0..1 after ToTensor), as [channels, height, width]. */
export interface Image<D extends Uint8Array | Float32Array = Uint8Array | Float32Array> {
  readonly data: D;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** What errors call it: `3 x 32 x 40`. */
export const sizeText = ({ channels, height, width }: Image): string => `${channels} x ${height} x ${width}`;

/** A fresh picture like `image` with data of the same kind, of another size if one is given. */
export function blankLike(image: Image, size: Partial<Pick<Image, "channels" | "height" | "width">> = {}): Image {
  const { channels, height, width } = { ...image, ...size };
  const length = channels * height * width;
  const data = image.data instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  return { data, channels, height, width };
}

/** Planes from pixels, whose channels lie side by side: [h, w, pixelChannels] to [channels, h, w]; further channels are left out. */
export function fromPixels(
  pixels: Uint8Array | Uint8ClampedArray,
  {
    height,
    width,
    channels,
    pixelChannels,
  }: { height: number; width: number; channels: number; pixelChannels: number },
): Image<Uint8Array> {
  const area = height * width;
  const data = new Uint8Array(channels * area);
  for (let c = 0; c < channels; c++) for (let i = 0; i < area; i++) data[c * area + i] = pixels[i * pixelChannels + c];
  return { data, channels, height, width };
}
