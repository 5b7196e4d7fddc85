// The results as a picture: time of each peer as a multiple of lamina's, on a logarithmic axis. Drawn by Vega-Lite.
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { bestOf, fields, multiple } from "./compare.ts";
import type { Results } from "./results.ts";
import { chosenWorks } from "./work/choose.ts";

export async function chart(results: Results): Promise<string> {
  const order = chosenWorks().works.map(({ id }) => id);
  const values = fields.flatMap((field) =>
    order.flatMap((work) => {
      const best = bestOf(results, work, field);
      const ours = best.find(({ name }) => name.startsWith("lamina"));
      if (!ours || best.length < 2) return [];
      const place = { work, field: field.title.split(",")[0] };
      return best.map(({ name, row }) => ({ ...place, name, times: multiple(row, ours.row) }));
    }),
  );
  const names = [...new Set(values.map(({ name }) => name))];
  const panels = [...new Set(values.map(({ field }) => field))];
  const spec: TopLevelSpec = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: "time as a multiple of lamina's: right of the line is slower",
    background: "white",
    data: { values },
    facet: { field: "field", type: "nominal", title: null, sort: panels },
    columns: 1,
    resolve: { scale: { y: "independent" } },
    spec: {
      width: 560,
      height: { step: 16 },
      layer: [
        { mark: { type: "rule", color: "#888" }, encoding: { x: { datum: 1 } } },
        {
          mark: { type: "point", filled: true, size: 55, opacity: 0.9 },
          encoding: {
            y: { field: "work", type: "nominal", sort: order, title: null, axis: { labelLimit: 260, grid: true } },
            x: { field: "times", type: "quantitative", scale: { type: "log" }, title: null },
            color: { field: "name", type: "nominal", title: null, sort: names, scale: { scheme: "category20" } },
            shape: { field: "name", type: "nominal", title: null, sort: names },
          },
        },
      ],
    },
  };
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
