// Exit codes and signals of a child reach whoever started us. Real processes, each a few milliseconds of Node.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { exitCodeOf, runInheriting, runQuietly } from "./run.mjs";

const options = { cwd: process.cwd(), env: process.env };
const quietly = (script: string) => runQuietly(process.execPath, ["-e", script], options);

test("the exit code a shell would give", () => {
  expect(exitCodeOf(0, null)).toBe(0);
  expect(exitCodeOf(3, null)).toBe(3);
  expect(exitCodeOf(null, "SIGINT")).toBe(130);
  expect(exitCodeOf(null, "SIGKILL")).toBe(137);
  expect(exitCodeOf(null, "SIGTERM")).toBe(143);
});

test("output of both streams and the exit code", async () => {
  const { code, output } = await quietly("console.log('out'); console.error('err'); process.exit(3)");
  expect(code).toBe(3);
  expect(output).toContain("out\n");
  expect(output).toContain("err\n");
});

test("a child that is killed", async () => {
  expect((await quietly("process.kill(process.pid, 'SIGKILL')")).code).toBe(137);
  const inPlace = await runInheriting(process.execPath, ["-e", "process.kill(process.pid, 'SIGTERM')"], options);
  expect(inPlace).toBe(143);
});

test("a program that does not exist", async () => {
  const { code, output } = await runQuietly("/no/such/program", [], options);
  expect(code).toBe(127);
  expect(output).toContain("ENOENT");
});

/** A program that runs its argument, a script, in its place by runInheriting. */
const wrapperOf = `
  import { runInheriting } from ${JSON.stringify(new URL("./run.mjs", import.meta.url).href)};
  process.exitCode = await runInheriting(process.execPath, ["-e", process.argv[1]], { cwd: ".", env: process.env });`;

/** That program at work on `script`, with no terminal anywhere. */
const wrapped = (script: string): ChildProcess =>
  spawn(process.execPath, ["--input-type=module", "-e", wrapperOf, script], { stdio: ["ignore", "pipe", "inherit"] });

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s is passed on, and the child's answer comes back",
  async (signal) => {
    const wrapper = wrapped(`process.on(${JSON.stringify(signal)}, () => process.exit(42));
    console.log("ready"); setInterval(() => {}, 1000);`);
    await once(wrapper.stdout!, "data");
    wrapper.kill(signal);
    expect(await once(wrapper, "exit")).toEqual([42, null]);
  },
);

test("a child without a handler ends by the signal: 130", async () => {
  const wrapper = wrapped(`console.log("ready"); setInterval(() => {}, 1000);`);
  await once(wrapper.stdout!, "data");
  wrapper.kill("SIGINT");
  expect(await once(wrapper, "exit")).toEqual([130, null]);
});

test("when npm's shell is terminated, the child is told to end", async () => {
  // As npm does it: a shell between, which is the only one to get the signal.
  const script = `process.on("SIGTERM", () => { console.log("ended"); process.exit(); });
    console.log("ready"); setInterval(() => {}, 1000);`;
  const shell = spawn(
    "sh",
    ["-c", '"$0" --input-type=module -e "$1" "$2"; true', process.execPath, wrapperOf, script],
    {
      env: { ...process.env, npm_lifecycle_event: "start" },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await once(shell.stdout!, "data");
  const ended = once(shell.stdout!, "data");
  shell.kill("SIGTERM");
  expect(String(await ended)).toBe("ended\n");
});
