// The curves of a run while it trains: on a page, or in a file that is drawn anew after each epoch. This is `@lamina/train/plot`.
import type { Callback } from "../callbacks.ts";
import type { StepResult } from "../fit.ts";
import type { EpochResult } from "../metrics.ts";
import { lineChart, type Series } from "./lineChart.ts";

/** An element of a page. */
export interface PlotElement {
  innerHTML: string;
}
export interface LivePlotOptions {
  /** Default "training". */
  title?: string;
  /** Milliseconds from one drawing to the next on a page (default 250): drawing takes a few, training has the rest. */
  every?: number;
}

/** Loss and accuracies over the epochs, in one picture, as the book's Animator draws them. */
export function curves(title: string, history: readonly EpochResult[], steps: Series["points"] = []): string {
  const of = (key: "trainLoss" | "testLoss" | "trainAccuracy" | "testAccuracy"): Series["points"] =>
    history.flatMap((e) => (Number.isFinite(e[key]) ? [[e.epoch, e[key]!] as const] : []));
  const all: Series[] = [
    { name: "loss of a step", color: "#1f5fa8", faint: true, points: steps },
    { name: "train loss", color: "#1f5fa8", points: of("trainLoss") },
    { name: "test loss", color: "#c8641b", dash: "3 3", points: of("testLoss") },
    { name: "train accuracy", color: "#b5419c", dash: "6 3", points: of("trainAccuracy") },
    { name: "test accuracy", color: "#2a8a43", dash: "8 3 2 3", points: of("testAccuracy") },
  ];
  const shown = all.filter(({ points }) => points.length > 0);
  return lineChart({ title, x: "epoch", series: shown.length ? shown : all.slice(1, 2) });
}

/**
 * A callback of {@link fit} that draws losses and accuracies as they come: into an element of a page after steps and epochs, at most
 * four times a second, or into an SVG file after each epoch.
 *
 *     callbacks: [livePlot(document.querySelector("#plot"))]   // on a page
 *     callbacks: [livePlot("curves.svg")]                      // in Node
 *
 * @throws what writing the file throws; if there is no such element.
 */
export function livePlot(target: PlotElement | string | null, options: LivePlotOptions = {}): Callback {
  const { title = "training", every = 250 } = options;
  if (target === null)
    throw new Error("livePlot: the element is null; name one that is on the page when the plot is made");
  if (typeof target === "string") return { onEpoch: (_, { history }) => write(target, curves(title, history)) };
  const steps: [number, number][] = [];
  let drawn = Number.NEGATIVE_INFINITY;
  const draw = (history: readonly EpochResult[]) => {
    target.innerHTML = curves(title, history, steps);
    drawn = performance.now();
  };
  return {
    onStart: ({ history }) => draw(history),
    onStep(result, { history }) {
      steps.push([placeOf(result), result.loss]);
      if (performance.now() - drawn >= every) draw(history);
    },
    onEpoch: (_, { history }) => draw(history),
  };
}
/** In epochs: the first ends at 1. Where nobody knows how many steps there are, a step counts a hundredth. */
const placeOf = ({ epoch, step, steps = 100 }: StepResult): number => epoch - 1 + Math.min(1, step / steps);

async function write(path: string, svg: string): Promise<void> {
  const { writeFile } = await import("node:fs/promises");
  await writeFile(path, svg);
}
