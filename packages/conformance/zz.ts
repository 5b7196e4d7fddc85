import { runConformance, formatReport } from "./src/index.ts";
import { reference } from "../backend-reference/src/index.ts";
import { wasm } from "../backend-wasm/src/index.ts";
const [, , name, levels, filter] = process.argv;
const open = name === "wasm" ? wasm : reference;
const r = await runConformance(name, open as any, { ...(levels && levels !== "all" && { levels: levels.split(",") as any }), ...(filter && { filter }) });
console.log(formatReport({...r, results: r.results.filter((x) => !(x.message ?? "").match(/no kernel|required kernels/))}).slice(0, 20000));
const slow = [...r.results].sort((a, b) => b.milliseconds - a.milliseconds).slice(0, 5);
console.log(slow.map((s) => s.id + " " + s.milliseconds.toFixed(0) + "ms").join("\n"));
