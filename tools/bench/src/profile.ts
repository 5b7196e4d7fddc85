// `--profile`: where the time of lamina's runs goes on the WebAssembly device, kernel by kernel.
import { wasm } from "@lamina/backend-wasm";
import { manualSeed, setBackend } from "@lamina/core";
import Table from "cli-table3";
import { prepare } from "./contenders/lamina.ts";
import { measureLimits } from "./limits.ts";
import { digits } from "./statistics.ts";
import type { Work } from "./work/works.ts";

const MOST_ROWS = 25;
const WARM_UP = 3;

export async function printProfiles(works: readonly Work[], seconds: number, threads: number): Promise<void> {
  const { flops } = await measureLimits(threads);
  for (const work of works) await printProfile(work, seconds, threads, flops);
}
async function printProfile(work: Work, seconds: number, threads: number, peak: number): Promise<void> {
  const device = await wasm({ profile: true, threads });
  setBackend(device);
  manualSeed(0);
  const job = prepare(work);
  for (let i = 0; i < WARM_UP; i++) await job.run();
  device.profile();
  const start = performance.now();
  let runs = 0;
  for (; performance.now() - start < 1000 * seconds || runs < 3; runs++) await job.run();
  const each = (performance.now() - start) / runs;
  const rows = device.profile().map((row) => ({ ...row, each: row.milliseconds / runs }));
  const inKernels = rows.reduce((sum, row) => sum + row.each, 0);
  const table = new Table({
    head: ["kernel", "ms", "share", "times", "GFLOP/s", "of the peak"],
    style: { head: [], border: [] },
    colAligns: ["left", "right", "right", "right", "right", "right"],
  });
  const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
  const shown = rows.slice(0, MOST_ROWS);
  for (const row of shown) {
    const rate = row.gigaflops;
    const speed = rate === undefined ? ["", ""] : [rate.toFixed(1), percent((rate * 1e9) / peak)];
    table.push([readable(row.kernel), digits(row.each), percent(row.each / each), row.runs / runs, ...speed]);
  }
  const rest = inKernels - shown.reduce((sum, row) => sum + row.each, 0);
  table.push([`${rows.length - shown.length} smaller ones`, digits(rest), percent(rest / each), "", "", ""]);
  table.push(["outside kernels", digits(each - inKernels), percent(1 - inKernels / each), "", "", ""]);
  console.log(
    `${work.id}: ${digits(each)} ms a run; the peak is ${(peak / 1e9).toFixed(1)} GFLOP/s on ${threads === 1 ? "one core" : `${threads} cores`}`,
  );
  console.log(table.toString());
  await device.close();
}
/** A loop by its sizes and what it does, each op once; other kernels have short names. */
export function readable(kernel: string): string {
  const [, plan] = /^loop (\{.*\})$/.exec(kernel) ?? [];
  if (plan === undefined) return shortened(kernel);
  const { sizes, values } = JSON.parse(plan) as { sizes: number[]; values: { op?: string }[] };
  const done = new Set(values.flatMap(({ op }) => op ?? []));
  return shortened(`loop ${sizes.join("x")}: ${done.size ? [...done].join(", ") : "copy"}`);
}
const shortened = (text: string): string => (text.length > 90 ? `${text.slice(0, 87)}...` : text);
