// Every way people write a training loop: right numbers, nothing computed twice in the steady state, memory flat.
// The letters are those of docs/execution.md.
import assert from "node:assert/strict";
import {
  type Cell,
  dropout,
  Generator,
  grad,
  manualSeed,
  noGrad,
  Parameter,
  randomState,
  relu,
  setRandomState,
  stats,
  sync,
  type Tensor,
  tanh,
  tensor,
} from "@lamina/core";
import { describe, test } from "vitest";
import {
  Adam,
  batches,
  clipGradNorm,
  close,
  closeAll,
  crossEntropy,
  dense,
  H,
  hits,
  IN,
  Meter,
  MLP,
  models,
  N,
  OUT,
  SGD,
  SMALL_WINDOW,
  STEPS,
  sameParams,
  setup,
} from "./kit.ts";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

describe.each([{ compiled: false }, { compiled: true }])("compiled: $compiled", ({ compiled }) => {
  test("(a) the standard loop is one program", async () => {
    const { model, eager } = await setup({ compiled });
    const next = batches();
    const opt = new SGD(model.params, 0.1, 0.9);
    const meter = new Meter();
    for (const i of range(STEPS)) {
      const { x, y, X, Y } = next();
      const loss = crossEntropy(model.forward(x), y);
      opt.zeroGrad();
      loss.backward();
      opt.step();
      eager.zeroGrad();
      eager.forward(X);
      close(await loss.item(), eager.loss(Y), `loss ${i}`);
      eager.backward();
      eager.sgd(0.1, 0.9);
      meter.step();
    }
    await sameParams(model, eager);
    meter.check({ programs: 1 });
  });

  test("(b) item before backward", async () => {
    const { model, eager } = await setup({ compiled });
    const next = batches();
    const opt = new SGD(model.params, 0.1, 0.9);
    const meter = new Meter();
    for (const i of range(STEPS)) {
      const { x, y, X, Y } = next();
      const loss = crossEntropy(model.forward(x), y);
      eager.zeroGrad();
      eager.forward(X);
      close(await loss.item(), eager.loss(Y), `loss ${i}`);
      opt.zeroGrad();
      loss.backward();
      opt.step();
      await sync(); // only so that the meter sees whole steps: the next use of a parameter would do it
      eager.backward();
      eager.sgd(0.1, 0.9);
      meter.step();
    }
    await sameParams(model, eager);
    meter.check({ programs: 2 });
  });

  test("(c) accuracy from logits after step and item", async () => {
    const { model, eager } = await setup({ compiled });
    const next = batches();
    const opt = new SGD(model.params, 0.1);
    const meter = new Meter();
    let count = 0;
    let expected = 0;
    for (const _ of range(STEPS)) {
      const { x, y, X, Y } = next();
      const logits = model.forward(x);
      const loss = crossEntropy(logits, y);
      opt.zeroGrad();
      loss.backward();
      opt.step();
      eager.zeroGrad();
      eager.forward(X);
      close(await loss.item(), eager.loss(Y));
      count += await hits(logits, y).item();
      expected += eager.hits(Y);
      eager.backward();
      eager.sgd(0.1);
      meter.step();
    }
    assert.equal(count, expected);
    meter.check({ programs: 2 });
  });

  test("(d) the same every 10th step only", async () => {
    const { model, eager } = await setup({ compiled });
    const next = batches();
    const opt = new SGD(model.params, 0.1);
    const meter = new Meter();
    for (const i of range(STEPS)) {
      const { x, y, X, Y } = next();
      const logits = model.forward(x);
      const loss = crossEntropy(logits, y);
      opt.zeroGrad();
      loss.backward();
      opt.step();
      eager.zeroGrad();
      eager.forward(X);
      const l = eager.loss(Y);
      if (i % 10 === 9) {
        close(await loss.item(), l);
        assert.equal(await hits(logits, y).item(), eager.hits(Y));
      }
      eager.backward();
      eager.sgd(0.1);
      meter.step();
    }
    assert.equal(
      meter.rows.slice(0, 9).reduce((n, r) => n + r.recomputed, 0),
      0,
    );
    assert.ok(meter.rows[9].recomputed > 0, "step 10 asks for the logits for the first time");
    meter.check({ from: 11, flatFrom: 31, period: 10, programs: 2, lag: true });
  });

  test.each([{ resultBytes: 1 << 24 }, { resultBytes: SMALL_WINDOW }])(
    "(e) losses pushed, read at the end; window of $resultBytes bytes",
    async (options) => {
      const { model, eager } = await setup({ compiled, options });
      const next = batches();
      const opt = new SGD(model.params, 0.1);
      const meter = new Meter();
      const losses: Tensor[] = [];
      const expected: number[] = [];
      for (const _ of range(STEPS)) {
        const { x, y, X, Y } = next();
        const loss = crossEntropy(model.forward(x), y);
        opt.zeroGrad();
        loss.backward();
        opt.step();
        losses.push(loss);
        eager.zeroGrad();
        eager.forward(X);
        expected.push(eager.loss(Y));
        eager.backward();
        eager.sgd(0.1);
        await null; // a loader
        meter.step();
      }
      const growth = meter.rows[40].live - meter.rows[30].live;
      assert.equal(growth, options.resultBytes > SMALL_WINDOW ? 10 : 0, "one scalar a step, or the window's worth");
      closeAll(await Promise.all(losses.map((l) => l.item())), expected);
      assert.ok(
        losses.every((l) => l.inputs.length === 0),
        "none holds its graph",
      );
      meter.check({ programs: 1, grows: true });
    },
  );

  test.each([{ resultBytes: 1 << 24 }, { resultBytes: SMALL_WINDOW }])(
    "(f) a running total; window of $resultBytes bytes",
    async (options) => {
      const { model, eager } = await setup({ compiled, options });
      const next = batches();
      const opt = new SGD(model.params, 0.1);
      const meter = new Meter();
      let total: Tensor = tensor(0);
      let expected = 0;
      for (const _ of range(STEPS)) {
        const { x, y, X, Y } = next();
        const loss = crossEntropy(model.forward(x), y);
        opt.zeroGrad();
        loss.backward();
        opt.step();
        total = total.add(loss.detach());
        eager.zeroGrad();
        eager.forward(X);
        expected += eager.loss(Y);
        eager.backward();
        eager.sgd(0.1);
        await null;
        meter.step();
      }
      close(await total.item(), expected);
      meter.check({ programs: 1, flatFrom: 12, grows: options.resultBytes > SMALL_WINDOW });
    },
  );

  test("(g) evaluation under noGrad between epochs", async () => {
    const { model, eager } = await setup({ compiled });
    const next = batches();
    const opt = new SGD(model.params, 0.1);
    const meter = new Meter();
    for (const _ of range(10)) {
      for (const _ of range(5)) {
        const { x, y, X, Y } = next();
        const loss = crossEntropy(model.forward(x), y);
        opt.zeroGrad();
        loss.backward();
        opt.step();
        eager.zeroGrad();
        eager.forward(X);
        close(await loss.item(), eager.loss(Y));
        eager.backward();
        eager.sgd(0.1);
      }
      let count = 0;
      let expected = 0;
      for (const _ of range(4)) {
        const { x, y, X, Y } = next();
        count += await noGrad(() => hits(model.forward(x), y)).item();
        eager.forward(X);
        expected += eager.hits(Y);
      }
      assert.equal(count, expected);
      meter.step();
    }
    meter.check({ programs: 2 });
  });

  test("(g') evaluation that sums on the device and never awaits", async () => {
    const { model, eager } = await setup({ compiled, options: { maxPending: 200 } });
    const next = batches();
    let count: Tensor = tensor(0, { dtype: "int32" });
    let expected = 0;
    for (const _ of range(500)) {
      const { x, y, X, Y } = next();
      const before = count;
      count = noGrad(() => before.add(hits(model.forward(x), y)));
      eager.forward(X);
      expected += eager.hits(Y);
    }
    assert.equal(await count.item(), expected);
    assert.ok(stats().programs <= 4, `${stats().programs} programs`);
    assert.equal(stats().recomputed, 0);
  });

  test("(h) accumulation over 4 micro-batches, clipping on the device, reading param.grad", async () => {
    const { model, eager } = await setup({ compiled });
    const next = batches();
    const opt = new SGD(model.params, 0.1, 0.9);
    const meter = new Meter();
    for (const _ of range(STEPS)) {
      opt.zeroGrad();
      eager.zeroGrad();
      for (const _ of range(4)) {
        const { x, y, X, Y } = next();
        crossEntropy(model.forward(x), y).mul(0.25).backward();
        eager.forward(X);
        eager.loss(Y);
        for (const row of eager.tape.dout) row.forEach((v, c) => (row[c] = v / 4));
        eager.backward();
      }
      const norm = clipGradNorm(model.params, 0.05);
      opt.step();
      close(await norm.item(), eager.clip(0.05), "norm");
      closeAll(await model.params[0].grad!.data(), eager.G[0].flat(), "grad");
      eager.sgd(0.1, 0.9);
      meter.step();
    }
    await sameParams(model, eager);
    meter.check({ programs: 3, flatFrom: 8 });
  });

  test("(i) a schedule, and Adam's step count, compile nothing anew", async () => {
    const { model, eager } = await setup({ compiled });
    const next = batches();
    const opt = new Adam(model.params, 0.01);
    const meter = new Meter();
    for (const i of range(STEPS)) {
      opt.lr = 0.02 * (1 + Math.cos(i / 10));
      const { x, y, X, Y } = next();
      const loss = crossEntropy(model.forward(x), y);
      opt.zeroGrad();
      loss.backward();
      opt.step();
      eager.zeroGrad();
      eager.forward(X);
      close(await loss.item(), eager.loss(Y), `loss ${i}`);
      eager.backward();
      eager.adam(opt.lr);
      meter.step();
    }
    assert.equal(stats().compiled, compiled ? 1 : 0);
    meter.check({ programs: 1 });
  });

  test("(j) dropout, batch norm, evaluation; an inner value read late has the same mask", async () => {
    const { model, eager } = await setup({ compiled, norm: true });
    const next = batches();
    const opt = new SGD(model.params, 0.1);
    const meter = new Meter();
    manualSeed(42);
    for (const i of range(STEPS)) {
      const { x, y, X, Y } = next();
      const { seed, counter } = randomState();
      const mask = new Generator(seed, counter).uniforms(N * H).map((u) => (u < 0.3 ? 0 : 1 / 0.7));
      let h!: Tensor;
      const logits = model.forward(x, (z) => (h = dropout(relu(z), { p: 0.3 })));
      const loss = crossEntropy(logits, y);
      opt.zeroGrad();
      loss.backward();
      opt.step();
      eager.zeroGrad();
      eager.forward(X, { mask });
      close(await loss.item(), eager.loss(Y), `loss ${i}`);
      if (i < 2) closeAll(await h.data(), eager.tape.a.flat(), "dropout output"); // step 1: recomputed; step 2: handed out
      eager.backward();
      eager.sgd(0.1);
      meter.step();
    }
    closeAll(await model.norm!.mean.data(), eager.rm);
    closeAll(await model.norm!.variance.data(), eager.rv);
    meter.check({ programs: 1, flatFrom: 3 });
    model.norm!.training = false;
    const { x, X } = next();
    closeAll(await noGrad(() => model.forward(x)).data(), eager.forward(X, { train: false }).flat());
    closeAll(await model.norm!.mean.data(), eager.rm, "unchanged");
  });

  test("(k) two models, a shared forward pass, two optimisers", async () => {
    const { model: G } = await setup({ compiled });
    const { model: D } = models(9, false, "d");
    const meter = new Meter();
    // D judges G's logits; both losses share G's forward pass. Checked against the same thing with no sharing.
    const W = await Promise.all(D.params.map(async (p) => Float32Array.from(await p.data())));
    const judge = () =>
      new MLP(
        [
          { w: W[0].slice(0, OUT * H), b: W[1], shape: [OUT, H] },
          { w: W[2].slice(0, H * 2), b: W[3].slice(0, 2), shape: [H, 2] },
        ],
        "d",
      );
    const run = async (G: MLP, D: MLP, shared: boolean) => {
      const optG = new SGD(G.params, 0.1);
      const optD = new SGD(D.params, 0.1, 0.5);
      const next = batches();
      const seen: number[] = [];
      const label = (v: number) => tensor(Array(N).fill(v), { dtype: "int32" });
      const real = tensor(range(N * OUT).map(Math.sin), { shape: [N, OUT] });
      const [yes, no] = [label(1), label(0)];
      for (const _ of range(STEPS)) {
        const { x } = next();
        const fake = G.forward(x);
        optD.zeroGrad();
        const lossD = crossEntropy(D.forward(real), yes).add(crossEntropy(D.forward(fake.detach()), no));
        lossD.backward();
        optD.step();
        optG.zeroGrad();
        const lossG = crossEntropy(D.forward(shared ? fake : G.forward(x)), yes); // with the updated D
        lossG.backward();
        optG.step();
        seen.push(await lossD.item(), await lossG.item());
        if (shared) meter.step();
      }
      return seen;
    };
    const together = await run(G, judge(), true);
    meter.check({ programs: 3, flatFrom: 3 });
    closeAll(together, await run(models(7).model, judge(), false), "losses");
  });

  test("(k') a teacher is the moving average of its student", async () => {
    const { model, eager } = await setup({ compiled });
    const next = batches();
    const opt = new SGD(model.params, 0.1);
    const meter = new Meter();
    const teacher = models(7, false, "teacher").model;
    const ema = eager.P.map((m) => m.flat());
    for (const _ of range(STEPS)) {
      const { x, y, X, Y } = next();
      const target = noGrad(() => teacher.forward(x));
      const out = model.forward(x);
      const d = out.sub(target);
      const loss = crossEntropy(out, y).add(d.mul(d).sum().mul(0));
      opt.zeroGrad();
      loss.backward();
      opt.step();
      noGrad(() => teacher.params.forEach((p, k) => p.set(p.mul(0.9).add(model.params[k].mul(0.1)))));
      eager.zeroGrad();
      eager.forward(X);
      close(await loss.item(), eager.loss(Y));
      eager.backward();
      eager.sgd(0.1);
      eager.P.forEach((m, k) => m.flat().forEach((v, j) => (ema[k][j] = 0.9 * ema[k][j] + 0.1 * v)));
      meter.step();
    }
    for (const [k, p] of teacher.params.entries()) closeAll(await p.data(), ema[k]);
    meter.check({ programs: 5 });
  });

  test("(l) activations kept in an array: the last can be had, older ones say what to do, keep() keeps", async () => {
    const { model, eager } = await setup({ compiled });
    const next = batches();
    const opt = new SGD(model.params, 0.1);
    const maps: Tensor[] = [];
    const kept: Tensor[] = [];
    const expected: number[][] = [];
    for (const i of range(STEPS)) {
      const { x, y, X, Y } = next();
      const h = model.hidden(x, relu);
      maps.push(h);
      if (i % 10 === 0) {
        kept.push(model.hidden(x, tanh).keep());
        const [w, b] = eager.P;
        expected.push(X.flatMap((row) => b[0].map((v, j) => Math.tanh(row.reduce((s, xv, k) => s + xv * w[k][j], v)))));
      }
      const loss = crossEntropy(dense(h, model.layers[1]), y);
      opt.zeroGrad();
      loss.backward();
      opt.step();
      eager.zeroGrad();
      eager.forward(X);
      eager.loss(Y);
      await loss.item();
      if (i === STEPS - 1) closeAll(await h.data(), eager.tape.a.flat());
      eager.backward();
      eager.sgd(0.1);
    }
    await assert.rejects(
      maps[10].data(),
      /was not kept, and the value of fc1\.bias from before update \d+ is gone: read it before the next step, or call keep\(\)/,
    );
    assert.throws(() => relu(maps[10]), /call keep\(\)/, "on the user's line");
    for (const [i, k] of kept.entries()) closeAll(await k.data(), expected[i]);
  });

  test.each(["logSoftmax", "sub", "rsqrt"])("(m) exceptions in user code and in the kernel of %s", async (failing) => {
    const norm = failing === "rsqrt";
    const { device, model, eager } = await setup({ compiled, norm });
    const next = batches();
    const opt = new SGD(model.params, 0.1, 0.9);
    const meter = new Meter();
    for (const i of range(STEPS)) {
      const { x, y, X, Y } = next();
      try {
        const logits = model.forward(x);
        if (i === 20 && !norm) throw new Error("user");
        const loss = crossEntropy(logits, y);
        opt.zeroGrad();
        loss.backward();
        opt.step();
        if (i === 30) device.failAt = failing;
        const got = await loss.item();
        eager.zeroGrad();
        eager.forward(X);
        close(got, eager.loss(Y), `${failing} ${i}`);
        eager.backward();
        eager.sgd(0.1, 0.9);
      } catch (error) {
        assert.match((error as Error).message, /^user$|out of memory/);
        assert.ok(i === 20 || i === 30);
        await null;
      }
      meter.step();
    }
    assert.equal(device.failAt, undefined, "the kernel was reached");
    await sameParams(model, eager);
    // The logits of the step that threw are a result that nobody has read: they wait in the window.
    assert.equal(meter.rows[49].live, meter.rows[15].live + (norm ? 0 : 1));
  });

  test("(n) a gradient penalty: the gradient of a gradient", async () => {
    const { model } = await setup({ compiled });
    const next = batches();
    const opt = new SGD(model.params, 0.05);
    const meter = new Meter();
    const P = await Promise.all(model.params.map(async (p) => Array.from(await p.data())));
    for (const i of range(STEPS)) {
      const { x, X } = next();
      x.requiresGrad = true;
      const [gx] = grad(model.forward(x, tanh).sum(), [x], { createGraph: true });
      const d = gx.mul(gx).sum(1).add(1e-12).sqrt().sub(1);
      const penalty = d.mul(d).mean();
      opt.zeroGrad();
      penalty.backward();
      opt.step();
      close(await penalty.item(), penaltyByHand(P, X), `penalty ${i}`);
      descend(P, (Q) => penaltyByHand(Q, X), 0.05);
      meter.step();
    }
    for (const k of range(3)) closeAll(await model.params[k].data(), P[k]);
    meter.check({ programs: 1 });
  });

  test("(o) a different graph every step", async () => {
    await setup({ compiled, options: { maxProgramBytes: 1 << 20 } });
    const P = [
      [0.3, -0.2],
      [0.1, 0.4, -0.5, 0.2],
      [0.7, -0.6],
    ];
    const cells = (
      [
        [1, 2],
        [2, 2],
        [2, 1],
      ] as const
    ).map((shape, k) => new Parameter(tensor(P[k], { shape }), { name: ["wx", "wh", "wo"][k] }));
    const opt = new SGD(cells, 0.05);
    const meter = new Meter();
    for (const i of range(STEPS)) {
      const xs = range(3 + ((i * 7) % 18)).map((k) => Math.sin(i + k));
      let h: Tensor = tensor([[0, 0]]);
      for (const x of xs)
        h = tensor([[x]])
          .matmul(cells[0])
          .add(h.matmul(cells[1]))
          .tanh();
      const e = h.matmul(cells[2]).sub(1);
      const loss = e.mul(e).sum();
      opt.zeroGrad();
      loss.backward();
      opt.step();
      close(await loss.item(), recurrentByHand(P, xs), `loss ${i}`);
      descend(P, (Q) => recurrentByHand(Q, xs), 0.05);
      meter.step();
    }
    meter.check({ programs: 60 });
  });

  test("(p) a last partial batch, item first, and accuracy", async () => {
    const { model, eager } = await setup({ compiled });
    const next = batches();
    const opt = new SGD(model.params, 0.1);
    const meter = new Meter();
    let count = 0;
    let expected = 0;
    for (const i of range(60)) {
      const { x, y, X, Y } = next(i % 6 === 5 ? 5 : N);
      const logits = model.forward(x);
      const loss = crossEntropy(logits, y);
      eager.zeroGrad();
      eager.forward(X);
      close(await loss.item(), eager.loss(Y));
      opt.zeroGrad();
      loss.backward();
      opt.step();
      count += await hits(logits, y).item();
      expected += eager.hits(Y);
      eager.backward();
      eager.sgd(0.1);
      meter.step();
    }
    assert.equal(count, expected);
    meter.check({ from: 7, flatFrom: 13, period: 6, programs: 6 });
  });

  test("(q) two loops at once", async () => {
    const A = await setup({ compiled });
    const B = models(11, false, "b");
    const turns: string[] = [];
    const loop = async (
      { model, eager }: Pick<typeof A, "model" | "eager">,
      name: string,
      seed: number,
      pause: number,
    ) => {
      const next = batches(seed);
      const opt = new SGD(model.params, 0.1);
      for (const i of range(STEPS)) {
        const { x, y, X, Y } = next();
        const logits = model.forward(x);
        for (const _ of range((i * pause) % 4)) await null; // a loader that takes a while, in the middle of a step
        const loss = crossEntropy(logits, y);
        eager.zeroGrad();
        eager.forward(X);
        close(await loss.item(), eager.loss(Y), `${name} ${i}`);
        opt.zeroGrad();
        loss.backward();
        opt.step();
        assert.equal(await hits(logits, y).item(), eager.hits(Y));
        eager.backward();
        eager.sgd(0.1);
        turns.push(name);
      }
      await sameParams(model, eager);
    };
    await Promise.all([loop(A, "a", 3, 1), loop(B, "b", 5, 3)]);
    assert.match(turns.join(""), /ab.*ba|ba.*ab/);
    assert.ok(stats().programs <= 8, `${stats().programs} programs`);
  });

  test("(r) checkpoint and resume, bit for bit", async () => {
    const build = async () => {
      const { model } = await setup({ compiled, norm: true });
      manualSeed(1);
      return { model, opt: new Adam(model.params, 0.01) };
    };
    type Job = Awaited<ReturnType<typeof build>>;
    const cells = ({ model, opt }: Job): Cell[] => [
      ...model.params,
      model.norm!.mean,
      model.norm!.variance,
      ...opt.m,
      ...opt.v,
    ];
    const next = batches();
    const data = range(STEPS).map(() => next());
    const train = async (job: Job, from: number, to: number, each?: (i: number) => Promise<void>) => {
      const seen: number[] = [];
      for (const { X, Y } of data.slice(from, to)) {
        const x = tensor(X.flat(), { shape: [N, IN] });
        const loss = crossEntropy(
          job.model.forward(x, (z) => dropout(relu(z), { p: 0.2 })),
          tensor(Y, { dtype: "int32" }),
        );
        job.opt.zeroGrad();
        loss.backward();
        job.opt.step();
        seen.push(await loss.item());
        await each?.(from + seen.length - 1);
      }
      return seen;
    };
    const whole = await train(await build(), 0, STEPS);
    const interrupted = await build();
    const meter = new Meter();
    let saved!: { values: Awaited<ReturnType<Tensor["data"]>>[]; t: number; random: ReturnType<typeof randomState> };
    const half = await train(interrupted, 0, 25, async (i) => {
      if (i % 10 === 4)
        saved = {
          values: await Promise.all(cells(interrupted).map((c) => c.data())),
          t: interrupted.opt.t,
          random: randomState(),
        };
      meter.step();
    });
    meter.check({ programs: 1 });
    const resumed = await build();
    cells(resumed).forEach((c, i) => c.set(tensor(saved.values[i], { shape: c.shape })));
    resumed.opt.t = saved.t;
    setRandomState(saved.random);
    assert.deepEqual([...half, ...(await train(resumed, 25, STEPS))], whole);
  });

  test.each(["nothing", "a microtask", "a timer"])("(s) abandoned forward passes that await %s", async (mode) => {
    const { model } = await setup({ compiled, syncReads: mode === "nothing", options: { maxPending: 500 } });
    const next = batches();
    const meter = new Meter();
    for (const i of range(2000)) {
      model.forward(next().x);
      if (mode === "a microtask") await null;
      else if (mode === "a timer" && i % 20 === 0) await new Promise((r) => setImmediate(r));
      if (i % 250 === 249) meter.step();
    }
    const live = meter.rows.map((r) => r.live);
    assert.ok(Math.max(...live.slice(1)) <= live[1] + 100, `live ${live}`);
  });
});

/** Mean over rows of (|d sum(f)/dx| - 1)^2 for the tanh perceptron. */
function penaltyByHand(P: number[][], X: number[][]): number {
  const sums = range(H).map((j) => range(OUT).reduce((s, c) => s + P[2][j * OUT + c], 0));
  const penalties = X.map((x) => {
    const g = Array<number>(IN).fill(0);
    for (const j of range(H)) {
      const h = Math.tanh(x.reduce((v, xv, k) => v + xv * P[0][k * H + j], P[1][j]));
      for (const k of range(IN)) g[k] += P[0][k * H + j] * (1 - h * h) * sums[j];
    }
    return (Math.sqrt(g.reduce((v, q) => v + q * q, 1e-12)) - 1) ** 2;
  });
  return penalties.reduce((a, b) => a + b) / X.length;
}
/** Squared distance from 1 of a recurrent network of two units. */
function recurrentByHand(P: number[][], xs: number[]): number {
  let h = [0, 0];
  for (const x of xs) h = [0, 1].map((j) => Math.tanh(x * P[0][j] + h[0] * P[1][j] + h[1] * P[1][2 + j]));
  return (h[0] * P[2][0] + h[1] * P[2][1] - 1) ** 2;
}
/** One step of gradient descent, with central differences. */
function descend(P: number[][], f: (P: number[][]) => number, lr: number): void {
  const slopes = P.map((p) =>
    p.map((v, j) => {
      p[j] = v + 1e-5;
      const up = f(P);
      p[j] = v - 1e-5;
      const down = f(P);
      p[j] = v;
      return (up - down) / 2e-5;
    }),
  );
  P.forEach((p, k) => p.forEach((_, j) => (p[j] -= lr * slopes[k][j])));
}
