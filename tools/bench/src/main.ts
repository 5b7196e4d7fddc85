// `npm run bench`: lamina and its peers on the same work, each in its own process, interleaved; medians and ratios.
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { lamina, peers } from "./contenders.ts";
import { jobs, nameOf } from "./jobs.ts";
import { type Measured, measure, median } from "./measure.ts";
import { measureOverhead } from "./overhead.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "5" }, json: { type: "string" }, help: { type: "boolean" } },
});
if (values.help) {
  console.log(`Times training steps against PyTorch on one thread: npm run bench -- [NETWORK ...], all of them by default:
${jobs.map((job) => `  ${nameOf(job)}`).join("\n")}

  --rounds N    rounds of every contender in turn (default 5)
  --json FILE   also write all figures as JSON

PyTorch is looked for in the Python that LAMINA_PYTHON names (default python3).`);
  process.exit(0);
}

const spread = (rounds: readonly number[]) => `${Math.min(...rounds).toFixed(1)} - ${Math.max(...rounds).toFixed(1)}`;
/** Ours over theirs, pair by pair; below 1 ours is faster. */
const ratio = (ours: Measured, theirs: Measured) => median(theirs.rounds.map((t, i) => ours.rounds[i] / t)).toFixed(2);

const unknown = positionals.find((name) => !jobs.some(({ network }) => network === name));
if (unknown !== undefined) {
  console.error(`bench: there is no network ${unknown}; choose from ${jobs.map(({ network }) => network).join(", ")}`);
  process.exit(2);
}
const results = [];
for (const job of jobs.filter(({ network }) => positionals.length === 0 || positionals.includes(network))) {
  const measured = await measure([lamina, ...peers], job, Number(values.rounds), (line) => console.error(line));
  const [ours] = measured;
  const table = new Table({
    head: [nameOf(job), "ms a step", "min - max", "lamina's time / its", "loss", "version"],
    style: { head: [], border: [] },
  });
  for (const m of measured)
    table.push(
      m.error
        ? [m.name, { colSpan: 5, content: `not run: ${m.error}` }]
        : [m.name, median(m.rounds).toFixed(1), spread(m.rounds), ratio(ours, m), m.loss.toFixed(4), m.version],
    );
  console.log(table.toString());
  results.push({ job, measured });
}
const overhead = await measureOverhead(1000);
console.log(
  `recording, gradients, look-up and handing out: ${overhead.microsecondsPerNode.toFixed(2)} us a node (${overhead.nodes} nodes, a device that computes nothing)`,
);
const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version };
console.log(`${machine.cores} x ${machine.cpu}, Node ${machine.node}; medians of ${values.rounds} interleaved rounds`);
if (values.json) await writeFile(values.json, `${JSON.stringify({ machine, results, overhead }, null, 2)}\n`);
