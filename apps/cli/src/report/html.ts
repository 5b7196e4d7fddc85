// The report as one HTML file that needs nothing else: pictures are inside it, there is no script, and it prints.
import type { EpochResult } from "@lamina/train";
import { pngUrl } from "../pictures.ts";
import type { FeatureMaps, Inspection, Mistake } from "./inspect.ts";

export interface ReportContent {
  readonly title: string;
  /** Settings and what the run came to, in order. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly history: readonly EpochResult[];
  /** The curves as SVG. */
  readonly curves: string;
  readonly inspection: Inspection;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => entities[c]);
const percent = (x: number | undefined): string => (x === undefined ? "" : `${(100 * x).toFixed(1)} %`);
const rows = (cells: readonly (readonly string[])[], tag = "td"): string =>
  cells.map((row) => `<tr>${row.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`).join("\n");

function factsTable(facts: ReportContent["facts"]): string {
  return `<table class="facts">${facts.map(([name, value]) => `<tr><th scope="row">${escaped(name)}</th><td>${escaped(value)}</td></tr>`).join("\n")}</table>`;
}
function epochs(history: readonly EpochResult[]): string {
  const head = rows([["epoch", "train loss", "train accuracy", "test loss", "test accuracy", "seconds"]], "th");
  const body = history.map((e) => [
    String(e.epoch),
    e.trainLoss.toFixed(4),
    percent(e.trainAccuracy),
    e.testLoss?.toFixed(4) ?? "",
    percent(e.testAccuracy),
    e.seconds.toFixed(1),
  ]);
  return `<div class="wide"><table class="numbers"><thead>${head}</thead><tbody>${rows(body)}</tbody></table></div>`;
}

function confusion({ matrix }: Inspection): string {
  const { classes, counts } = matrix;
  const cell = (n: number, of: number, right: boolean): string => {
    const share = of === 0 ? 0 : n / of;
    const color = right ? `rgb(37 99 168 / ${share})` : `rgb(190 60 40 / ${Math.min(1, 3 * share)})`;
    const ink = share > (right ? 0.5 : 0.2) ? "#fff" : "inherit";
    return `<td style="background:${color};color:${ink}">${n || "·"}</td>`;
  };
  const head = `<tr><th></th>${classes.map((name) => `<th scope="col"><span>${escaped(name)}</span></th>`).join("")}<th scope="col">precision</th><th scope="col">recall</th><th scope="col">F1</th></tr>`;
  const body = counts.map((row, i) => {
    const { precision, recall, f1, support } = matrix.of(i);
    const scores = [precision, recall, f1].map((x) => `<td class="score">${x.toFixed(3)}</td>`).join("");
    return `<tr><th scope="row">${escaped(classes[i])}</th>${row.map((n, j) => cell(n, support, i === j)).join("")}${scores}</tr>`;
  });
  const { precision, recall, f1 } = matrix.macro;
  const mean = `<tr><th scope="row">mean</th><td colspan="${classes.length}"></td>${[precision, recall, f1].map((x) => `<td class="score">${x.toFixed(3)}</td>`).join("")}</tr>`;
  return `<div class="wide"><table class="confusion"><thead>${head}</thead><tbody>${body.join("\n")}${mean}</tbody></table></div>`;
}

function mistakes(items: readonly Mistake[]): string {
  if (items.length === 0) return "<p>There are none.</p>";
  const figure = ({ image, label, said, probability }: Mistake) =>
    `<figure><img src="${pngUrl(image)}" alt="${escaped(label)}" width="84" height="84"><figcaption>${escaped(label)}<br><b>${escaped(said)}</b> ${percent(probability)}</figcaption></figure>`;
  return `<div class="grid">${items.map(figure).join("\n")}</div>`;
}
const tiles = (images: FeatureMaps["channels"], size: number): string =>
  `<div class="tiles">${images.map((image) => `<img src="${pngUrl(image)}" alt="" width="${size}" height="${size}">`).join("")}</div>`;
const maps = (layers: readonly FeatureMaps[]): string =>
  layers
    .map(({ layer, channels }) => {
      const [{ height, width }] = channels;
      return `<h3>${escaped(layer)}, ${height} × ${width}</h3>\n${tiles(channels, 56)}`;
    })
    .join("\n");

/** The picture with a frame around what a layer sees of it. */
function seen(picture: Inspection["picture"], regions: Inspection["regions"]): string {
  const figure = ({ layer, region: { rows: r, columns: c } }: Inspection["regions"][number]) =>
    `<figure><svg viewBox="0 0 ${picture.width} ${picture.height}" width="112" height="112"><image href="${pngUrl(picture)}" width="${picture.width}" height="${picture.height}" style="image-rendering:pixelated"/><rect x="${c[0]}" y="${r[0]}" width="${c[1] - c[0] + 1}" height="${r[1] - r[0] + 1}" fill="rgb(255 170 0 / .25)" stroke="#fa0" stroke-width="${picture.width / 60}"/></svg><figcaption>${escaped(layer)}</figcaption></figure>`;
  return `<div class="grid">${regions.map(figure).join("\n")}</div>`;
}

const style = `
:root { color-scheme: light; font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 1rem; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; border-bottom: 1px solid #ddd; } h3 { font-size: 1rem; font-weight: 500; margin: 1rem 0 .3rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.facts th { text-align: left; font-weight: 500; color: #555; padding: .1rem 1.5rem .1rem 0; vertical-align: top; }
.numbers th, .numbers td { padding: .15rem .9rem; text-align: right; } .numbers thead { border-bottom: 1px solid #bbb; }
.wide { overflow-x: auto; }
.confusion { font-size: .85rem; } .confusion td { width: 2.6rem; height: 1.9rem; text-align: center; border: 1px solid #fff; } .confusion th { font-weight: 500; padding: .1rem .5rem; }
.confusion tbody th { text-align: right; white-space: nowrap; } .confusion thead th { vertical-align: bottom; } .confusion thead span { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }
.confusion .score { padding: 0 .6rem; width: auto; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: 1rem; } figure { margin: 0; font-size: .85rem; }
img { image-rendering: pixelated; background: #eee; } .tiles { display: flex; flex-wrap: wrap; gap: 4px; }
svg { max-width: 100%; height: auto; }
`;

export function reportPage({ title, facts, history, curves, inspection }: ReportContent): string {
  const { filters, picture } = inspection;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${factsTable(facts)}
<h2>Curves</h2>
${curves}
${epochs(history)}
<h2>Confusion matrix</h2>
<p>Rows are what a picture is, columns what the model says of it.</p>
${confusion(inspection)}
<h2>Surest mistakes</h2>
<p>What the picture is, and in bold what the model says, with its probability.</p>
${mistakes(inspection.mistakes)}
${filters.length ? `<h2>Filters of the first convolution</h2>\n${tiles(filters, 42)}` : ""}
${inspection.maps.length ? `<h2>Feature maps</h2>\n<p>What the convolutions make of the first test picture:</p>\n<img src="${pngUrl(picture)}" alt="" width="112" height="112">\n${maps(inspection.maps)}` : ""}
${inspection.regions.length ? `<h2>Receptive fields</h2>\n<p>What the middle of each convolution's result sees of the picture, and the field's size with its padding:</p>\n${seen(picture, inspection.regions)}` : ""}
</body>
</html>
`;
}
