// `npm run bench`: lamina and its peers on the same work, each in its own process, interleaved in rounds.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import { playRound } from "./bench.ts";
import { chart } from "./chart.ts";
import { type Entrant, entrants, peers } from "./contenders/index.ts";
import { measureHolds } from "./hold.ts";
import { build, type Installed, install } from "./install.ts";
import { measureLimits } from "./limits.ts";
import { measureOverhead } from "./overhead.ts";
import { pageOf, tableOf } from "./page.ts";
import { printProfiles } from "./profile.ts";
import type { Machine, Results } from "./results.ts";
import { Rows } from "./rows.ts";
import { heldNetworks } from "./run/firstSteps.ts";
import { reasonOf } from "./run/timing.ts";
import { chosenWorks, groups } from "./work/choose.ts";
import { type Work, works } from "./work/works.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const number = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("It must be a positive number.");
  return value;
};
const list = (text: string): string[] => text.split(",").map((part) => part.trim());

const program = new Command("bench")
  .description("Times lamina and its peers on the same work: each in its own process, in turn, round after round.")
  .option(
    "--only <works>",
    `which work, separated by commas: a group (${groups.join(", ")}), a network, or the start of a name`,
    list,
  )
  .option(
    "--peers <names>",
    `who, separated by commas: ${peers.map(({ name }) => name).join(", ")}, or one variant such as torch-2t`,
    list,
  )
  .option("--threads <n>", "only contenders with so many threads (of --profile: how many, by default one)", number)
  .option("--rounds <n>", "rounds of everybody in turn; slow contenders have one", number, 3)
  .option("--seconds <n>", "of timed runs, for each network in each round; an op has a quarter", number, 1)
  .option("--limit <seconds>", "a run that takes longer is listed as too slow", number, 30)
  .option(
    "--out <folder>",
    "where performance.json, .md and .svg go; docs keeps them in the repository",
    join(root, ".cache", "bench"),
  )
  .option(
    "--resume",
    "keep what performance.json in that folder has, also of a run that was stopped, and add what it lacks",
  )
  .option("--page", "run nothing: make table, page and chart from performance.json")
  .option("--profile", "instead: where the time of lamina's runs goes, kernel by kernel")
  .option("--list", "instead: list all work and everybody who can take part")
  .addHelpText(
    "after",
    `
All of it takes about an hour on two cores that do nothing else: in each of --rounds, everybody has --seconds for a network and a quarter of that for an op, and who takes longer
than --limit is not asked again. One network beside one peer takes a minute or two: --only lenet --peers lamina,torch --rounds 1. Peers are installed when they are first asked for, at pinned versions, into ~/.cache/lamina/bench. PyTorch is 5.5 GB: set LAMINA_PYTHON to a
Python that has it, or leave it out (--peers lamina,ort-node,ort-web,tfjs,tfjs-node,jax-js,gpujs).

Examples:
  npm run bench -- --only lenet,vgg6 --peers lamina,torch,ort-node --rounds 5
  npm run bench -- --only "conv2d 3x3" --threads 1
  npm run bench -- --only lenet --peers lamina-webgpu,tfjs --limit 120 --rounds 1   (a step of tfjs-webgpu takes 20 to 60 s on a CPU)
  npm run bench -- --only googlenet --profile`,
  )
  .parse();
const options = program.opts<{
  only?: string[];
  peers?: string[];
  threads?: number;
  rounds: number;
  seconds: number;
  limit: number;
  out: string;
  resume?: boolean;
  page?: boolean;
  profile?: boolean;
  list?: boolean;
}>();
const say = (line: string): void => console.error(line);
const file = (name: string): string => join(options.out, `performance.${name}`);

function refuse(reason: string, remedy = "npm run bench -- --list names all"): never {
  console.error(`bench: ${reason}; ${remedy}`);
  process.exit(2);
}
function choose() {
  const chosen = entrants(options.peers).filter(
    ({ contender }) => options.threads === undefined || contender.threads === options.threads,
  );
  const names = peers.flatMap(({ name, contenders }) => [name, ...contenders.map((c) => c.name)]);
  const stranger = options.peers?.find((name) => !names.includes(name));
  if (stranger !== undefined) refuse(`there is no peer ${stranger}`);
  const { works: work, unknown } = chosenWorks(options.only);
  if (unknown !== undefined) refuse(`there is no work ${unknown}`);
  if (chosen.length === 0) refuse(`nobody of those runs on ${options.threads} threads`);
  return { chosen, work };
}

function machineHere(): Machine {
  const [{ model }] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const system = `${type()} ${release()}`;
  return { cpu: model, cores: cpus().length, gigabytes, system, node: process.version, load: loadavg()[0] };
}
const commitHere = (): string =>
  execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();

function save(results: Results): void {
  mkdirSync(options.out, { recursive: true });
  writeFileSync(file("json"), `${JSON.stringify(results, null, 1)}\n`);
}
async function write(results: Results): Promise<void> {
  save(results);
  writeFileSync(file("md"), pageOf(results));
  writeFileSync(file("svg"), await chart(results));
}
const kept = (): Results => {
  if (!existsSync(file("json")))
    refuse(`there is no ${file("json")}`, "run without --resume and --page first, or name another folder with --out");
  return JSON.parse(readFileSync(file("json"), "utf8")) as Results;
};

/** Of the networks whose steps are timed, if ours are. */
async function holdsOf(chosen: readonly Entrant[], work: readonly Work[]): Promise<Results["holds"]> {
  const networks = heldNetworks.filter((name) => work.some((one) => one.kind === "train" && one.network === name));
  if (networks.length === 0 || !chosen.some(({ peer }) => peer.name === "lamina")) return undefined;
  try {
    const found = await measureHolds(networks);
    return Object.fromEntries(found.map(({ network, longest }) => [network, longest]));
  } catch (error) {
    say(`how long a page is held is not known: ${reasonOf(error)}`);
    return undefined;
  }
}

async function run(): Promise<void> {
  const { chosen, work } = choose();
  const machine = machineHere();
  const before = options.resume ? kept() : undefined;
  const installed = new Map<string, Installed>();
  await build();
  const sizes: Record<string, number | string> = { ...before?.peers };
  for (const peer of new Set(chosen.map(({ peer }) => peer)))
    try {
      const place = await install(peer, say);
      installed.set(peer.name, place);
      sizes[peer.name] = place.bytes;
    } catch (error) {
      sizes[peer.name] = reasonOf(error);
      say(`${peer.name} is not here: ${sizes[peer.name]}`);
    }
  const rows = new Rows(before?.rows);
  const { microsecondsPerNode } = await measureOverhead(1000);
  const limits = before?.limits ?? [await measureLimits(1), await measureLimits(Math.min(2, cpus().length))];
  const holds = before?.holds ?? (await holdsOf(chosen, work));
  const results = (): Results => ({
    commands: [...(before?.commands ?? []), ["npm run bench --", ...process.argv.slice(2)].join(" ")],
    date: new Date().toISOString().slice(0, 10),
    commit: commitHere(),
    machine,
    limits,
    peers: sizes,
    overhead: microsecondsPerNode,
    holds,
    rows: rows.all(),
  });
  const told = (line: string): void => {
    say(line);
    save(results()); // who is stopped goes on from here with --resume
  };
  for (let round = 1; round <= options.rounds; round++)
    await playRound(round, chosen, installed, work, rows, { ...options, from: "dist" }, told);
  await write(results());
  console.log(tableOf(results()));
  say(`written: ${file("json")}, ${file("md")}, ${file("svg")}`);
}

if (options.list) {
  for (const { id } of works) console.log(id);
  for (const { name, title, contenders } of peers)
    console.log(`${name} (${title}): ${contenders.map((c) => c.name).join(", ")}`);
} else if (options.profile) await printProfiles(choose().work, options.seconds, options.threads ?? 1);
else if (options.page) {
  await write(kept());
  console.log(tableOf(kept()));
} else await run();
