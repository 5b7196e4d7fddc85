// Plots of training runs, for those who want them: `@lamina/train/plot`. They are drawn by d3's scales and lines.
export { curves, type LivePlotOptions, livePlot, type PlotElement } from "./livePlot.ts";
