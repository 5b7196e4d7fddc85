// One process: a contender in Node does what it is told and prints a line for each piece of work.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Open } from "../contenders/contender.ts";
import { type Line, MODULES, type Task } from "./task.ts";
import { time } from "./timing.ts";

const task = JSON.parse(process.argv[2]) as Task;
const say = (line: Line): void => console.log(JSON.stringify(line));

const { open } = (await import(`../contenders/${task.peer}.ts`)) as { open: Open };
const loaded = task.folder ? await import(pathToFileURL(join(task.folder, MODULES)).href) : {};
const runner = await open(loaded.modules ?? [], { ...task.options, threads: task.threads, folder: task.folder ?? "" });
for (const work of task.works) say(await time(runner, work, task.budget));
say({ peakBytes: process.resourceUsage().maxRSS * 1024 });
process.exit(0);
