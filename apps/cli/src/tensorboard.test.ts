// The event file, read by the TensorBoard of PyPI.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EventFile } from "./tensorboard.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lamina-tensorboard-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Prints {tag: [[step, value], …]} of a folder. */
const READ = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1])
events.Reload()
print(json.dumps({tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}))
`;
const absent = process.env.LAMINA_ABSENT_TENSORBOARD;
const title = "TensorBoard reads what was written, and a resumed run takes the place of what it repeats";

test.skipIf(absent)(absent ? `${title} (ABSENT: ${absent})` : title, async () => {
  let time = 1_700_000_000;
  const pathOf = (name: string) => join(folder, name);
  const first = new EventFile(pathOf, 0, () => time++);
  for (let step = 1; step <= 4; step++) first.add(step, { "train/loss": 1 / step, "train/accuracy": step / 8 });
  await first.flush();
  first.add(4, { "test/accuracy": 0.75 });
  await first.flush();
  time += 100;
  const second = new EventFile(pathOf, 3, () => time++);
  second.add(3, { "train/loss": 30 });
  second.add(5, { "train/loss": 50 });
  await second.flush();
  const PYTHONPATH = process.env.LAMINA_TENSORBOARD;
  expect(PYTHONPATH, "npm test sets LAMINA_TENSORBOARD to the folder it put TensorBoard in").toBeTruthy();
  const { stdout } = await promisify(execFile)("python3", ["-c", READ, folder], {
    env: { ...process.env, PYTHONPATH },
  });
  expect(JSON.parse(stdout)).toEqual({
    "train/loss": [
      [1, 1],
      [2, 0.5],
      [3, 30],
      [5, 50],
    ],
    "train/accuracy": [
      [1, 0.125],
      [2, 0.25],
    ],
    "test/accuracy": [], // 4 was after the step that the second file begins with
  });
});
