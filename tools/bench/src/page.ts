// docs/performance.md and the tables in the terminal, from the results.
import Table from "cli-table3";
import { besideAmbitions } from "./ambitions.ts";
import { agrees, bestOf, type Field, fields, multiple, rowOf, shareOfLimit, timeOf } from "./compare.ts";
import { entrants, peers } from "./contenders/index.ts";
import type { Results, Row } from "./results.ts";
import { digits, geometricMean, median } from "./statistics.ts";
import { chosenWorks } from "./work/choose.ts";

interface Section {
  readonly title: string;
  readonly text: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}
const percent = (share: number): string => `${Math.round(100 * share)} %`;
const spread = ({ rounds }: Row): string =>
  rounds.length < 2 ? "" : `${digits(Math.min(...rounds))} - ${digits(Math.max(...rounds))}`;
const megabytes = (bytes: number | undefined): string => (bytes === undefined ? "" : String(Math.round(bytes / 1e6)));
const groupTitles = { steps: "training steps", forward: "forward, batch 1", ops: "single ops" } as const;
type Group = keyof typeof groupTitles;

/** Ours in milliseconds and as a share of the limit; of each peer, how many times as fast ours is. */
function comparison(results: Results, field: Field, group: Group): Section[] {
  const ids = chosenWorks([group]).works.map(({ id }) => id);
  const lines = ids.map((id) => ({ id, best: bestOf(results, id, field) })).filter(({ best }) => best.length > 0);
  if (lines.length === 0) return [];
  const columns = [...new Set(lines.flatMap(({ best }) => best.map(({ name }) => name)))];
  const ours = columns.find((name) => name.startsWith("lamina"));
  if (ours === undefined) return [];
  const others = columns.filter((name) => name !== ours);
  const ratios = new Map<string, number[]>();
  const rows = lines.map(({ id, best }) => {
    const mine = best.find(({ name }) => name === ours)?.row;
    const share = mine && shareOfLimit(results, mine, field.threads);
    const cells = others.map((name) => {
      const theirs = best.find((b) => b.name === name)?.row;
      if (!theirs || !mine) return theirs ? `${digits(timeOf(theirs)!)} ms` : "";
      const times = multiple(theirs, mine);
      ratios.set(name, [...(ratios.get(name) ?? []), times]);
      return `${digits(times)} (${digits(timeOf(theirs)!)})`;
    });
    const limit = share ? `${percent(share.share)} ${share.bound}` : "";
    return [id, mine ? digits(timeOf(mine)!) : "", mine ? spread(mine) : "", limit, ...cells];
  });
  const means = others.map((name) => (ratios.has(name) ? digits(geometricMean(ratios.get(name)!)) : ""));
  return [
    {
      title: `${field.title}: ${groupTitles[group]}`,
      text: "Of others: how many times as fast lamina is, and their milliseconds (of the fastest variant).",
      head: ["work", `${ours}, ms`, "min - max", "of the limit", ...others],
      rows: rows.length > 1 && means.length > 0 ? [...rows, ["geometric mean", "", "", "", ...means]] : rows,
    },
  ];
}

/** Training steps of ours in each of its variants, as multiples of the speed of PyTorch's fastest on as many threads. */
function besidePyTorch(results: Results): Section[] {
  const best = (work: string) => fields.slice(0, 2).map((field) => bestOf(results, work, field));
  const variants = ["lamina", "lamina-128bit"];
  const rows = idsOf(results, "steps").map((id) =>
    best(id).flatMap((found) => {
      const torch = found.find(({ name }) => name === "PyTorch")?.row;
      const ours = variants.map((variant) => found.find(({ name }) => name === variant)?.row);
      return ours.map((row) => (torch && row ? multiple(torch, row) : undefined));
    }),
  );
  if (!rows.some((row) => row.some((x) => x !== undefined))) return [];
  const shown = (x: number | undefined) => (x === undefined ? "" : x.toFixed(2));
  const means = rows[0].map((_, i) => rows.flatMap((row) => row[i] ?? []));
  return [
    {
      title: "Training steps beside PyTorch at its fastest",
      text: "How many times as fast lamina is, by default and with vectors of 128 bits only.",
      head: ["work", "1 thread", "1 thread, 128 bits", "2 threads", "2 threads, 128 bits"],
      rows: [
        ...idsOf(results, "steps").map((id, i) => [id, ...rows[i].map(shown)]),
        ["geometric mean", ...means.map((values) => shown(values.length ? geometricMean(values) : undefined))],
      ],
    },
  ];
}

function singleOps(results: Results): Section[] {
  const { head, rows } = besideAmbitions(results);
  if (rows.length === 0) return [];
  const text = "On one thread: how many times as fast as a peer's fastest variant, and what was aimed at.";
  return [{ title: "Single ops beside what was aimed at", text, head, rows }];
}
function holds({ holds = {} }: Results): Section[] {
  const rows = Object.entries(holds).map(([network, longest]) => [network, longest.toFixed(0)]);
  if (rows.length === 0) return [];
  return [
    {
      title: "Longest hold of a page's main thread, ms",
      text: "By lamina in Chromium, in the first three steps of a network whose weights are drawn there: CPU time of the longest task.",
      head: ["network", "ms"],
      rows,
    },
  ];
}

/** Columns are contenders that have done it; rows, pieces of work. */
function perContender(
  results: Results,
  title: string,
  text: string,
  ids: readonly string[],
  cell: (row: Row) => string,
): Section[] {
  const names = entrants()
    .map(({ contender }) => contender.name)
    .filter((name) => ids.some((id) => (rowOf(results, id, name)?.rounds.length ?? 0) > 0));
  const rows = names.map((name) => [
    name,
    ...ids.map((id) => {
      const row = rowOf(results, id, name);
      return row?.rounds.length ? cell(row) : "";
    }),
  ]);
  const useful = rows.filter(([, ...cells]) => cells.some((text) => text !== ""));
  return useful.length ? [{ title, text, head: ["", ...ids], rows: useful }] : [];
}
const idsOf = (results: Results, group: string): string[] =>
  chosenWorks([group])
    .works.map(({ id }) => id)
    .filter((id) => results.rows.some((row) => row.work === id));

/** Who could not do what, with the error, and whose results are not ours. */
function refusals(results: Results): Section[] {
  const failed = results.rows.filter((row) => row.error !== undefined);
  const byReason = Map.groupBy(failed, (row) => `${row.contender}\n${row.error}`);
  const rows = [...byReason].map(([key, group]) => [...key.split("\n"), shortList(group.map(({ work }) => work))]);
  const absent = Object.entries(results.peers).filter(([, size]) => typeof size === "string");
  const notHere = absent.map(([name, reason]) => [name, `could not be installed: ${reason}`, "all"]);
  const others = results.rows.filter((row) => agrees(results, row) === false);
  const byContender = Map.groupBy(others, (row) => row.contender);
  const differ = [...byContender].map(([name, group]) => [
    name,
    "computes other numbers than lamina",
    group.map(({ work }) => work).join(", "),
  ]);
  const all = [...notHere, ...rows, ...differ];
  if (all.length === 0) return [];
  return [{ title: "What a peer did not do", text: "", head: ["", "it says", "work"], rows: all }];
}
/** All of a group by its name; where it is most of the work, what it is not. */
function shortList(ids: readonly string[]): string {
  const all = chosenWorks().works.map(({ id }) => id);
  const others = all.filter((id) => !ids.includes(id));
  if (others.length === 0) return "all";
  if (others.length < 3) return `all but ${others.join(", ")}`;
  const whole = (Object.keys(groupTitles) as Group[]).filter((group) =>
    chosenWorks([group]).works.every(({ id }) => ids.includes(id)),
  );
  const named = new Set(whole.flatMap((group) => chosenWorks([group]).works.map(({ id }) => id)));
  return [...whole.map((group) => `all ${groupTitles[group]}`), ...ids.filter((id) => !named.has(id))].join(", ");
}
function sizes(results: Results): Section {
  const versions = (name: string): string => {
    const contenders = peers.find((peer) => peer.name === name)?.contenders ?? [];
    const row = results.rows.find((r) => r.version && contenders.some((c) => c.name === r.contender));
    return row?.version ?? "";
  };
  const known = Object.entries(results.peers).filter(([, size]) => typeof size === "number");
  return {
    title: "Installed size",
    text: "With all that comes along, as it lies on disk.",
    head: ["", "version", "MB"],
    rows: known.map(([name, size]) => [name, versions(name), ((size as number) / 1e6).toFixed(1)]),
  };
}

function sectionsOf(results: Results): Section[] {
  const groups = Object.keys(groupTitles) as Group[];
  const compared = fields.flatMap((field) => groups.flatMap((group) => comparison(results, field, group)));
  const steps = idsOf(results, "steps");
  const lenet = chosenWorks(["lenet"]).works.map(({ id }) => id);
  const first = (row: Row) => (row.first.length ? (median(row.first) / 1000).toFixed(2) : "");
  return [
    ...besidePyTorch(results),
    ...singleOps(results),
    ...compared,
    ...perContender(
      results,
      "From the start of the process to the first result, s",
      "A trained step, and a prediction. In Chromium with the start of the browser and the bundling of the page.",
      lenet,
      first,
    ),
    ...perContender(
      results,
      "Peak memory of training, MB",
      "The most that was resident in the process; of pages it is not known.",
      steps,
      (row) => megabytes(row.peakBytes),
    ),
    ...holds(results),
    sizes(results),
    ...refusals(results),
  ];
}
/** Every contender by itself. */
function figures(results: Results): Section {
  const names = entrants().map(({ contender }) => contender.name);
  const order = (row: Row) => names.indexOf(row.contender);
  const done = results.rows.filter((row) => row.rounds.length > 0);
  const byWork = Map.groupBy(done, (row) => row.work);
  const rows = chosenWorks().works.flatMap(({ id }) =>
    [...(byWork.get(id) ?? [])]
      .sort((a, b) => order(a) - order(b))
      .map((row) => [id, row.contender, digits(timeOf(row)!), spread(row), String(row.rounds.length), row.once ?? ""]),
  );
  return {
    title: "All figures",
    text: "Medians of rounds, each the median of its runs.",
    head: ["work", "contender", "ms", "min - max", "rounds", "why not more"],
    rows,
  };
}

function head(results: Results): string[] {
  const { machine, limits, overhead, rows } = results;
  const rounds = Math.max(0, ...rows.map((row) => row.rounds.length));
  const gigas = (x: number) => (x / 1e9).toFixed(1);
  const limit = limits.map(
    ({ threads, flops, bytes }) =>
      `${threads === 1 ? "one thread" : `${threads} threads`} ${gigas(flops)} GFLOP/s and ${gigas(bytes)} GB/s`,
  );
  return [
    `${machine.cores} cores of ${machine.cpu}, ${machine.gigabytes} GB, ${machine.system}, Node ${machine.node}; ${results.date}, commit ${results.commit}; ${rounds} interleaved ${rounds === 1 ? "round" : "rounds"}.`,
    ...(machine.load > 0.5
      ? [`Not a quiet machine: ${machine.load.toFixed(1)} other processes wanted to run when it began (load average).`]
      : []),
    `The machine's limits, by kernels of 128 bits, the width of WebAssembly: ${limit.join("; ")} (copying: read and written).`,
    `Core's own work (recording, gradients, look-up, handing out) takes ${overhead.toFixed(2)} µs an op of a LeNet step.`,
  ];
}
const note = `A step is forward, gradients and update, and ends with its loss on the host; an op begins and ends with tensors on the device. Weights and inputs are the same
for all, and so are the results where chance has no part. "Of the limit": the time that the machine's limits allow for the operations of the definition and the bytes that must
move once, over the time taken; Winograd's algorithm needs fewer operations, and native peers have wider vectors, so more than 100 % is possible. A variant that was more than
15 % slower than another of the same peer in the first round has one round, and so has what runs for more than 10 s.`;

const markdown = ({ title, text, head, rows }: Section): string => {
  const lines = [head, head.map((_, i) => (i === 0 ? "---" : "--:")), ...rows].map(
    (cells) => `| ${cells.join(" | ")} |`,
  );
  return [`## ${title}`, "", ...(text ? [text, ""] : []), ...lines, ""].join("\n");
};
export function pageOf(results: Results): string {
  return [
    "# How fast",
    "",
    `Made by ${results.commands.map((command) => `\`${command}\``).join(", then ")} from \`performance.json\`; do not edit.`,
    "",
    ...head(results).map((line) => `- ${line}`),
    "",
    note,
    "",
    "![Time of each peer as a multiple of lamina's](performance.svg)",
    "",
    ...[...sectionsOf(results), figures(results)].map(markdown),
  ].join("\n");
}
export function tableOf(results: Results): string {
  const tables = sectionsOf(results).map(({ title, text, head, rows }) => {
    const table = new Table({ head: [...head], style: { head: [], border: [] }, wordWrap: true });
    for (const row of rows) table.push([...row]);
    return [title, ...(text ? [text] : []), table.toString(), ""].join("\n");
  });
  return [...tables, ...head(results)].join("\n");
}
