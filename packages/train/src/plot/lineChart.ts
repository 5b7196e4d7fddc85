// A line chart as SVG text, the same in Node and on a page: no document, no styles, no scripts, so that any page's policy lets it in.
import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";

export interface Series {
  readonly name: string;
  /** Any colour of SVG. */
  readonly color: string;
  /** SVG's stroke-dasharray (default: one line). */
  readonly dash?: string;
  /** Thin, pale, without marks: for what is noisy. */
  readonly faint?: boolean;
  /** In order; what is no finite number leaves a gap. */
  readonly points: readonly (readonly [x: number, y: number])[];
}
export interface ChartOptions {
  readonly title: string;
  /** What the horizontal axis counts. Its marks are whole numbers. */
  readonly x: string;
  readonly series: readonly Series[];
}

const [WIDTH, HEIGHT] = [620, 360];
const MARGIN = { top: 34, right: 150, bottom: 42, left: 46 };
/** Points that a line shows apart; more are thinned out. */
const MOST_POINTS = 600;

/** Of all series, zero included below. */
function domains(series: readonly Series[]): { x: [number, number]; y: [number, number] } {
  const points = series.flatMap((s) => s.points).filter((p) => p.every(Number.isFinite));
  const bounds = (axis: 0 | 1) =>
    points.reduce(([a, b], p) => [Math.min(a, p[axis]), Math.max(b, p[axis])], [Infinity, -Infinity]);
  const [[x0, x1], [y0, y1]] = [bounds(0), bounds(1)];
  if (points.length === 0) return { x: [0, 1], y: [0, 1] };
  return { x: x0 === x1 ? [x0 - 1, x1] : [x0, x1], y: [Math.min(0, y0), y1 > 0 ? y1 : 1] };
}
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The chart, in 620 x 360 units. */
export function lineChart({ title, x: xTitle, series }: ChartOptions): string {
  const domain = domains(series);
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const x = scaleLinear(domain.x, [MARGIN.left, right]);
  const y = scaleLinear(domain.y, [bottom, MARGIN.top]).nice();
  const text = (at: readonly [number, number], content: string, more = "") =>
    `<text x="${at[0]}" y="${at[1]}" ${more}>${escaped(content)}</text>`;
  const yAxis = y.ticks(6).map((v) => {
    const at = round(y(v));
    return `<path d="M${MARGIN.left},${at}H${right}" stroke="#e4e4e4"/>${text([MARGIN.left - 8, at + 4], y.tickFormat(6)(v), 'text-anchor="end"')}`;
  });
  const isLong = domain.x[1] - domain.x[0] >= 1;
  const steps = x.ticks(8).filter((v) => !isLong || Number.isInteger(v));
  const xAxis = steps.map((v) => {
    const at = round(x(v));
    return `<path d="M${at},${bottom}v5" stroke="#888"/>${text([at, bottom + 19], isLong ? String(v) : x.tickFormat(8)(v), 'text-anchor="middle"')}`;
  });
  const path = line<readonly [number, number]>(
    ([a]) => round(x(a)),
    ([, b]) => round(y(b)),
  ).defined(([, b]) => Number.isFinite(b));
  const drawn = series.map((s) => {
    const points = thinned(s.points);
    const marks =
      s.faint || points.length > 40
        ? ""
        : points
            .filter(([, b]) => Number.isFinite(b))
            .map(([a, b]) => `<circle cx="${round(x(a))}" cy="${round(y(b))}" r="2.5" fill="${s.color}"/>`)
            .join("");
    return `<path d="${path(points) ?? ""}" ${stroke(s)}/>${marks}`;
  });
  const legend = series.map((s, i) => {
    const at = MARGIN.top + 8 + 20 * i;
    return `<path d="M${right + 14},${at}h22" ${stroke(s)}/>${text([right + 42, at + 4], s.name)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="12" fill="#222">
<title>${escaped(title)}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${text([MARGIN.left, 18], title, 'font-size="14" font-weight="600"')}
${yAxis.join("\n")}
<path d="M${MARGIN.left},${bottom}H${right}" stroke="#888"/>
${xAxis.join("\n")}
${text([(MARGIN.left + right) / 2, HEIGHT - 6], xTitle, 'text-anchor="middle"')}
${drawn.join("\n")}
${legend.join("\n")}
</svg>
`;
}
const round = (v: number): number => Math.round(10 * v) / 10;
const stroke = ({ color, dash, faint }: Series): string =>
  `fill="none" stroke="${color}" stroke-width="${faint ? 1 : 2}"${faint ? ' stroke-opacity="0.35"' : ""}${dash ? ` stroke-dasharray="${dash}"` : ""}`;

/** Means of equal runs of points, so that a long run draws as quickly as a short one. */
function thinned(points: Series["points"]): Series["points"] {
  if (points.length <= MOST_POINTS) return points;
  const size = Math.ceil(points.length / MOST_POINTS);
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i) => {
    const run = points.slice(i * size, (i + 1) * size);
    const mean = (axis: 0 | 1) => run.reduce((sum, p) => sum + p[axis], 0) / run.length;
    return [mean(0), mean(1)] as const;
  });
}
