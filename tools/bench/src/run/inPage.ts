// In a page: a contender does what it is told and posts a line for each piece of work. browser.ts puts modules in these names' places.
import { open } from "bench:contender";
import { modules } from "bench:modules";
import type { Line, Task } from "./task.ts";
import { reasonOf, time } from "./timing.ts";

const post = (path: string, body: unknown): Promise<Response> =>
  fetch(path, { method: "POST", body: JSON.stringify(body) });
const say = (line: Line): Promise<Response> => post("line", line);

try {
  const task = (await (await fetch("task")).json()) as Task;
  const runner = await open(modules, { ...task.options, threads: task.threads });
  for (const work of task.works) await say(await time(runner, work, task.budget));
  await post("end", "");
} catch (error) {
  await post("end", reasonOf(error));
}
