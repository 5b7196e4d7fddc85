// How long a page's main thread is held while a network takes its first steps: the longest task, by the CPU time that Chromium's trace
// has for it, so that other work on the machine does not count.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { bundle, type Files, ISOLATION, typeOf } from "./run/bundle.ts";
import type { HeldPage } from "./run/inHeldPage.ts";

export interface Hold {
  readonly network: string;
  /** Milliseconds of CPU time. */
  readonly longest: number;
  /** The tasks of those steps. */
  readonly tasks: number;
  /** The engine was in a worker. */
  readonly worker: boolean;
  readonly losses: readonly number[];
}
/** Of Chromium's trace: microseconds, `tdur` of CPU time. */
interface Event {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
}

/** @throws if there is no Chromium. */
export async function measureHolds(networks: readonly string[]): Promise<Hold[]> {
  const { LAMINA_CHROMIUM: executablePath } = process.env;
  const browser = await chromium.launch({
    ...(executablePath ? { executablePath } : { channel: "chrome" }),
    chromiumSandbox: false,
  });
  const server = serverOf(await bundle("inHeldPage.ts"));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    const holds: Hold[] = [];
    for (const network of networks) holds.push(await holdOf(browser, url, network));
    return holds;
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
}
const serverOf = (files: Files) =>
  createServer((request, response) => {
    const path = (request.url ?? "/").slice(1);
    response.writeHead(200, { ...ISOLATION, "Content-Type": typeOf(path) }).end(files.get(path) ?? "");
  });

async function holdOf(browser: Browser, url: string, network: string): Promise<Hold> {
  const tab = await browser.newPage();
  await tab.goto(url);
  await tab.waitForFunction(() => "page" in globalThis);
  const { events, result } = await traced(browser, tab, network);
  const [begin, end] = ["steps begin", "steps end"].map((mark) => events.find(({ name }) => name === mark)!);
  const tasks = events.filter(
    ({ name, pid, tid, ts, dur = 0 }) =>
      name.endsWith("RunTask") && pid === begin.pid && tid === begin.tid && ts + dur > begin.ts && ts < end.ts,
  );
  await tab.close();
  const longest = Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1000));
  return { network, longest, tasks: tasks.length, worker: result.worker === true, losses: result.losses };
}
async function traced(browser: Browser, tab: Page, network: string) {
  const session = await browser.newBrowserCDPSession();
  const events: Event[] = [];
  session.on("Tracing.dataCollected", ({ value }) => void events.push(...(value as unknown as Event[])));
  const complete = new Promise<void>((done) => session.once("Tracing.tracingComplete", () => done()));
  await session.send("Tracing.start", {
    traceConfig: { includedCategories: ["toplevel", "blink.user_timing"], excludedCategories: ["*"] },
  });
  const result = await tab.evaluate((name) => (globalThis as unknown as { page: HeldPage }).page.steps(name), network);
  await session.send("Tracing.end");
  await complete;
  return { events, result };
}
