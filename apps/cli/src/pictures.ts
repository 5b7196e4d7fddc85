// The pictures a run leaves behind, as SVG files: the curves, and some test images with what the model says of them.
// Drawn by Vega-Lite, which needs no browser.
import type { Image } from "@lamina/data";
import { encode } from "fast-png";
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

async function toSVG(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

export interface EpochRow {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
}
/** Loss and both accuracies over the epochs, in one picture, as the book's Animator draws them. */
export function curves(title: string, epochs: readonly EpochRow[]): Promise<string> {
  const series = { trainLoss: "train loss", trainAccuracy: "train accuracy", testAccuracy: "test accuracy" } as const;
  const values = epochs.flatMap((row) =>
    Object.entries(series).map(([key, name]) => ({
      epoch: row.epoch,
      series: name,
      value: row[key as keyof typeof series],
    })),
  );
  return toSVG({
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title,
    width: 420,
    height: 280,
    background: "white",
    config: { view: { stroke: null } },
    data: { values },
    mark: { type: "line", point: true },
    encoding: {
      x: { field: "epoch", type: "quantitative", axis: { tickMinStep: 1, format: "d" }, scale: { nice: false } },
      y: { field: "value", type: "quantitative", title: null },
      color: { field: "series", type: "nominal", title: null, sort: Object.values(series) },
      strokeDash: { field: "series", type: "nominal", title: null, sort: Object.values(series) },
    },
  });
}

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
/** Pictures in rows of five, each under its true and its predicted label (red where they differ). */
export function predictions(items: readonly Prediction[]): Promise<string> {
  const values = items.map(({ image, predicted, label }, i) => ({
    url: pngUrl(negative(image)),
    column: i % 5,
    row: Math.floor(i / 5),
    label: `true: ${label}`,
    predicted: `said: ${predicted}`,
    right: predicted === label,
  }));
  const axis = (field: string, domain: [number, number]) => ({
    field,
    type: "quantitative" as const,
    axis: null,
    scale: { domain, nice: false },
  });
  const rows = Math.ceil(items.length / 5);
  const place = { x: axis("column", [-0.5, 4.5]), y: axis("row", [rows - 0.5, -0.5]) };
  const text = (field: string, dy: number) => ({
    mark: { type: "text" as const, dy, fontSize: 11 },
    encoding: {
      ...place,
      text: { field },
      color: { condition: { test: "datum.right", value: "black" }, value: "#c00" },
    },
  });
  return toSVG({
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    width: 600,
    height: 150 * rows,
    background: "white",
    config: { view: { stroke: null } },
    data: { values },
    layer: [
      { mark: { type: "image", width: 84, height: 84 }, encoding: { ...place, url: { field: "url" } } },
      text("label", -64),
      text("predicted", -52),
    ],
  });
}
