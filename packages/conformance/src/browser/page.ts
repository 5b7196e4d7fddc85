// What runs in the page: opens the device, runs the suite, and posts each result to the server that the page came from.

import * as device from "lamina:device";
import type { Backend } from "@lamina/core";
import type { Result } from "../case.ts";
import { type ConformOptions, gapsIn, runConformance } from "../index.ts";
import { openerOf } from "../opener.ts";

export interface PageOptions extends Pick<ConformOptions, "levels" | "absent" | "cases"> {
  readonly name: string;
  readonly exported: string | undefined;
  /** Of the function that opens the device. */
  readonly argument: object | undefined;
  readonly filter?: string | undefined;
}

const post = (path: string, body: unknown): Promise<Response> =>
  fetch(path, { method: "POST", body: JSON.stringify(body) });

/** Results wait for each other, so that a post does not cost more than the check. */
const BATCH_MS = 200;
let waiting: Result[] = [];
let posted = performance.now();
function send(result: Result): void {
  waiting.push(result);
  if (performance.now() - posted < BATCH_MS) return;
  posted = performance.now();
  void post("results", waiting);
  waiting = [];
}

const { name, exported, argument, ...options } = (await (await fetch("task")).json()) as PageOptions;
document.title = `${name}: at work`;
try {
  const open: () => Promise<Backend> = openerOf(device, name, exported, argument);
  const report = await runConformance(name, open, { ...options, declared: gapsIn(device), onResult: send });
  await post("report", report);
  document.title = `${name}: ${report.passed} passed, ${report.failed} failed`;
} catch (error) {
  await post("error", error instanceof Error ? error.message : String(error));
}
