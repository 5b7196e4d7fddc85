// Devices by name: what is opened, what is said of those that are not here, and that the fastest is found without a trace.
import { reference } from "@lamina/backend-reference";
import {
  type Backend,
  getBackend,
  manualSeed,
  memory,
  nn,
  rand,
  randint,
  randn,
  randomState,
  setBackend,
} from "@lamina/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { backendNames, backendStatuses, fastestBackend, importBackend, locateBackend, openBackend } from "./index.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("by name", () => {
  test("LAMINA_BACKEND names the default", async () => {
    expect((await openBackend()).name).toBe("wasm");
    vi.stubEnv("LAMINA_BACKEND", "reference");
    expect((await openBackend()).name).toBe("reference");
  });
  test("an unknown name, or a mode where there is none", async () => {
    await expect(openBackend("cuda")).rejects.toThrow(
      'backend "cuda" is not known; choose one of: wasm, webgpu, tfjs-node, gpujs, reference',
    );
    await expect(openBackend("toString")).rejects.toThrow(RangeError);
    await expect(openBackend("reference:fast")).rejects.toThrow(
      'backend "reference:fast": reference has no modes; write reference',
    );
  });
  test("threads, by name or by LAMINA_THREADS", async () => {
    expect((await openBackend("wasm:2")).details).toMatchObject({ threads: 2 });
    vi.stubEnv("LAMINA_THREADS", "3");
    expect((await openBackend("wasm")).details).toMatchObject({ threads: 3 });
    expect((await openBackend("wasm:1")).details).toMatchObject({ threads: 1 });
    await expect(openBackend("wasm:many")).rejects.toThrow(
      'wasm: threads is many; give "auto" or a whole number from 1 to 16',
    );
  });
  test("a package's other exports, and where it is", async () => {
    expect(await importBackend("reference")).toHaveProperty("reference");
    expect(locateBackend("gpujs:webgl")).toEqual({
      module: expect.stringMatching(/^file:.*backend-gpujs/),
      export: "gpujs",
      with: { mode: "webgl" },
    });
  });
});

test("the list: each device is here, or its reason says what to do", async () => {
  const list = await backendStatuses();
  expect(list.map((s) => s.name)).toEqual(backendNames);
  expect(list.find((s) => s.name === "wasm")).toMatchObject({ present: true, package: "@lamina/backend-wasm" });
  for (const { present, reason } of list) if (!present) expect(reason).toMatch(/^[\w-]+: .*(run|install|needs|use)/);
});

/** What the clock shows; only the devices below move it, so that no test depends on the machine. */
let clock = 0;
/** The reference device, on which a read takes so many milliseconds. */
const slowed =
  (milliseconds: number, closed: string[] = [], name = `slowed ${milliseconds}`) =>
  async (): Promise<Backend> => {
    const inner = await reference();
    return {
      ...inner,
      name,
      async read(buffer) {
        clock += milliseconds;
        return inner.read(buffer);
      },
      close: async () => {
        closed.push(name);
        await inner.close();
      },
    };
  };
describe("the fastest", () => {
  const setup = () => {
    manualSeed(1);
    const model = new nn.Sequential(new nn.Linear(4, 8), new nn.BatchNorm1d(8), new nn.Dropout(), new nn.Linear(8, 3));
    return { model, batch: [rand([6, 4]), randint(0, 3, [6])] as const };
  };
  test("is measured, set, and the rest is closed; the model is as before", async () => {
    setBackend(await reference());
    const { model, batch } = setup();
    const values = async () => Promise.all(Object.values(await model.stateDict()).map((t) => t.toArray()));
    const [before, random] = [await values(), randomState()];
    vi.spyOn(performance, "now").mockImplementation(() => clock);
    const closed: string[] = [];
    const broken = async () => Promise.reject(new Error("broken: no driver; install one"));
    const candidates = { slow: slowed(40, closed), broken, quick: slowed(5, closed), slower: slowed(120, closed) };
    const found = await fastestBackend(model, batch, { candidates });
    expect(found.name).toBe("quick");
    expect(getBackend()).toBe(found.backend);
    expect(closed).toEqual(["slowed 40", "slowed 120"]);
    expect(found.trials.map((t) => t.name)).toEqual(["slow", "broken", "quick", "slower"]);
    expect(found.why).toMatch(
      /^quick: a step of this model takes 5\.0 ms there; slow takes 40 ms; broken cannot \(broken: no driver; install one\); slower takes 120 ms$/,
    );
    expect(await values()).toEqual(before);
    expect(randomState()).toEqual(random);
    expect(memory().buffers).toBeLessThan(4); // the batch, and what was read just now
    const loss = model.forward(randn([6, 4])).sum();
    loss.backward();
    expect(Number.isFinite(await loss.item())).toBe(true);
  });
  test("nothing works: the error has every reason", async () => {
    setBackend(await reference());
    const { model, batch } = setup();
    const bare = async (): Promise<Backend> => ({ ...(await reference()), name: "bare", kernels: {} });
    await expect(fastestBackend(model, batch, { candidates: { bare } })).rejects.toThrow(
      /^fastestBackend: no device can train this model: bare cannot \(setBackend: the bare backend lacks \d+ required kernels/,
    );
  });
});
