// Pictures of a run beside its curves: images as URLs, and test images with what the model says of them, as SVG.
import type { Image } from "@lamina/data";
import { encode } from "fast-png";

/** A picture of 1 or 3 channels as a PNG inside a URL; floats are taken to be 0..1. */
export function pngUrl({ data, channels, height, width }: Image): string {
  const area = height * width;
  const scale = data instanceof Uint8Array ? 1 : 255;
  const pixels = new Uint8Array(channels * area);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < area; i++) pixels[i * channels + c] = scale * data[c * area + i];
  const png = encode({ width, height, data: pixels, channels: channels as 1 | 3, depth: 8 });
  return `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
}

export interface Prediction {
  readonly image: Image;
  readonly predicted: string;
  readonly label: string;
}
/** As on paper: what is bright in a grey picture becomes dark. */
const negative = (image: Image): Image =>
  image.channels === 1 && image.data instanceof Uint8Array ? { ...image, data: image.data.map((v) => 255 - v) } : image;
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const [CELL_WIDTH, CELL_HEIGHT] = [120, 150];
const COLUMNS = 5;

/** Pictures in rows of five, each under its true and its predicted label (red where they differ). */
export function predictions(items: readonly Prediction[]): string {
  const cells = items.map(({ image, predicted, label }, i) => {
    const left = (i % COLUMNS) * CELL_WIDTH;
    const top = Math.floor(i / COLUMNS) * CELL_HEIGHT;
    const middle = left + CELL_WIDTH / 2;
    const color = predicted === label ? "#222" : "#c00";
    const line = (y: number, text: string) =>
      `<text x="${middle}" y="${top + y}" fill="${color}">${escaped(text)}</text>`;
    const picture = `<image x="${middle - 42}" y="${top + 44}" width="84" height="84" href="${pngUrl(negative(image))}"/>`;
    return `${line(20, `true: ${label}`)}${line(34, `said: ${predicted}`)}${picture}`;
  });
  const [width, height] = [COLUMNS * CELL_WIDTH, CELL_HEIGHT * Math.ceil(items.length / COLUMNS)];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="11" text-anchor="middle" image-rendering="pixelated">
<rect width="${width}" height="${height}" fill="#fff"/>
${cells.join("\n")}
</svg>
`;
}
