// What breaks naive versions of the rules of execution: orders, failures and lifetimes beyond the usual loop.
import assert from "node:assert/strict";
import {
  Buffer,
  Cell,
  getBackend,
  memory,
  noGrad,
  Parameter,
  relu,
  setBackend,
  stats,
  sync,
  type Tensor,
  tanh,
  tensor,
} from "@lamina/core";
import { test } from "vitest";
import {
  batches,
  clipGradNorm,
  close,
  closeAll,
  crossEntropy,
  dense,
  hits,
  Meter,
  models,
  SGD,
  SMALL_WINDOW,
  STEPS,
  sameParams,
  setup,
} from "./kit.ts";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const soon = () => new Promise((resolve) => setImmediate(resolve));

test("two passes through one program, read before they meet: the program learns how many runs to keep", async () => {
  const { model } = await setup();
  const next = batches();
  const opt = new SGD(model.params, 0.05);
  const meter = new Meter();
  for (const _ of range(STEPS)) {
    const a = model.forward(next().x, tanh);
    const b = model.forward(next().x, tanh);
    await a.data();
    await b.data(); // say, to look at them
    const d = a.sub(b);
    const loss = d.mul(d).sum();
    opt.zeroGrad();
    loss.backward();
    opt.step();
    await loss.item();
    meter.step();
  }
  meter.check({ from: 3, programs: 3 });
});

test("a loop without any await", async () => {
  const { model, eager } = await setup();
  const next = batches();
  const opt = new SGD(model.params, 0.1);
  const meter = new Meter();
  let loss!: Tensor;
  let expected = 0;
  for (const _ of range(200)) {
    const { x, y, X, Y } = next();
    loss = crossEntropy(model.forward(x), y);
    opt.zeroGrad();
    loss.backward();
    opt.step();
    eager.zeroGrad();
    eager.forward(X);
    expected = eager.loss(Y);
    eager.backward();
    eager.sgd(0.1);
    meter.step();
  }
  assert.ok(meter.rows[199].live - meter.rows[99].live <= 100, "a scalar a step: reads cannot finish");
  close(await loss.item(), expected);
  await soon();
  assert.ok(memory().buffers < 25, `${memory().buffers}`);
  await sameParams(model, eager);
  meter.check({ programs: 1, grows: true, lag: true });
});

test("Promise.all of a loss and of what is recorded after step() is one program", async () => {
  const { model, eager } = await setup();
  const next = batches();
  const opt = new SGD(model.params, 0.1);
  for (const _ of range(STEPS)) {
    const { x, y, X, Y } = next();
    const logits = model.forward(x);
    const loss = crossEntropy(logits, y);
    opt.zeroGrad();
    loss.backward();
    opt.step();
    eager.zeroGrad();
    eager.forward(X);
    const [l, n] = await Promise.all([loss.item(), hits(logits, y).item()]);
    close(l, eager.loss(Y));
    assert.equal(n, eager.hits(Y));
    eager.backward();
    eager.sgd(0.1);
  }
  const { runs, programs, recomputed } = stats();
  assert.deepEqual({ runs, programs, recomputed }, { runs: STEPS, programs: 1, recomputed: 0 });
});

test("gradients that nobody zeroes", async () => {
  const { model, eager } = await setup();
  const next = batches();
  const opt = new SGD(model.params, 0.01);
  const meter = new Meter();
  for (const _ of range(STEPS)) {
    const { x, y, X, Y } = next();
    const loss = crossEntropy(model.forward(x), y);
    loss.backward();
    opt.step();
    eager.forward(X);
    close(await loss.item(), eager.loss(Y));
    eager.backward();
    eager.sgd(0.01);
    meter.step();
  }
  await sameParams(model, eager);
  meter.check({ programs: 2 });
});

test("a gradient handle from before is gone; a kept one is not", async () => {
  const { model } = await setup();
  const next = batches();
  const opt = new SGD(model.params, 0.01);
  const old: Tensor[] = [];
  const kept: Tensor[] = [];
  const values: ArrayLike<number>[] = [];
  for (const _ of range(4)) {
    const { x, y } = next();
    opt.zeroGrad();
    crossEntropy(model.forward(x), y).backward();
    old.push(model.params[2].grad!);
    kept.push(model.params[0].grad!.keep());
    opt.step();
    values.push(await model.params[0].grad!.data());
  }
  await assert.rejects(old[1].data(), /fc2\.weight\.grad .*gone/);
  for (const [i, k] of kept.entries()) closeAll(await k.data(), values[i]);
});

test("accumulation over passes with batch norm in between", async () => {
  const { model, eager } = await setup({ norm: true });
  const next = batches();
  const opt = new SGD(model.params, 0.1);
  const meter = new Meter();
  for (const _ of range(STEPS)) {
    opt.zeroGrad();
    eager.zeroGrad();
    let last!: Tensor;
    let expected = 0;
    for (const _ of range(4)) {
      const { x, y, X, Y } = next();
      last = crossEntropy(model.forward(x), y);
      last.backward();
      eager.forward(X);
      expected = eager.loss(Y);
      eager.backward();
    }
    opt.step();
    eager.sgd(0.1);
    close(await last.item(), expected);
    meter.step();
  }
  await sameParams(model, eager);
  closeAll(await model.norm!.mean.data(), eager.rm);
  meter.check({ programs: 3, flatFrom: 8 });
});

test("the same network twice in one graph, one backward: running statistics chain", async () => {
  const { model, eager } = await setup({ norm: true });
  const next = batches();
  const opt = new SGD(model.params, 0.1);
  const meter = new Meter();
  for (const _ of range(STEPS)) {
    const p = next();
    const q = next();
    const loss = crossEntropy(model.forward(p.x), p.y).add(crossEntropy(model.forward(q.x), q.y));
    opt.zeroGrad();
    loss.backward();
    opt.step();
    eager.zeroGrad();
    let expected = 0;
    for (const { X, Y } of [p, q]) {
      eager.forward(X);
      expected += eager.loss(Y);
      eager.backward();
    }
    eager.sgd(0.1);
    close(await loss.item(), expected);
    meter.step();
  }
  closeAll(await model.norm!.mean.data(), eager.rm);
  meter.check({ programs: 2, flatFrom: 8 });
});

test("two losses on one trunk, a backward each", async () => {
  const { model } = await setup();
  const next = batches();
  const opt = new SGD(model.params, 0.1);
  const meter = new Meter();
  const { model: other } = models();
  const optOther = new SGD(other.params, 0.1);
  const losses = (m: typeof model, x: Tensor, y: Tensor) => {
    const h = m.hidden(x, relu);
    return [crossEntropy(dense(h, m.layers[1]), y), h.mul(h).sum()];
  };
  for (const _ of range(STEPS)) {
    const { x, y } = next();
    const [a, b] = losses(model, x, y);
    opt.zeroGrad();
    a.backward();
    b.backward();
    opt.step();
    const seen = [await a.item(), await b.item()];
    meter.step();
    const [a2, b2] = losses(other, x, y);
    optOther.zeroGrad();
    a2.add(b2).backward();
    optOther.step();
    closeAll(seen, [await a2.item(), await b2.item()]);
    meter.skip();
  }
  meter.check({ flatFrom: 3, programs: 4 });
});

test("errors say what to do", async () => {
  const { model } = await setup();
  const { x, y } = batches()();
  const opt = new SGD(model.params, 0.1);
  const loss = crossEntropy(model.forward(x), y);
  loss.backward();
  opt.step();
  await loss.item();
  assert.throws(
    () => loss.backward(),
    /backward: the graph of this value was released by an earlier backward\(\); compute it again/,
  );
  assert.throws(() => loss.mul(2).backward(), /released by an earlier backward/, "not silently nothing");
  assert.throws(
    () => model.forward(x).backward(),
    /backward: the loss has shape \[16,3\] but must be a scalar; reduce it first/,
  );
  assert.throws(
    () => tensor(1).backward(),
    /backward: nothing this value was computed from requires a gradient; use Parameters/,
  );
  assert.throws(() => noGrad(async () => model.forward(x)), /noGrad: the function is async, .*await outside/);
  const [w] = model.params;
  assert.throws(
    () => w.set(w.sub(1)),
    /set: the new value of fc1\.weight was computed with gradients recorded.*noGrad/,
  );
  assert.throws(
    () => w.set(tensor([1, 2])),
    /set: fc1\.weight is float32 \[6,8\] but the new value is float32 \[2\]; a cell keeps its shape/,
  );
  assert.throws(() => w.dispose(), /dispose: fc1\.weight is a cell's value/);
});

test("metrics one step late: results live on, inner values only when kept", async () => {
  const { model } = await setup();
  const next = batches();
  const opt = new SGD(model.params, 0.1);
  const loop = async (keep: boolean) => {
    let before: { logits: Tensor; loss: Tensor; y: Tensor } | undefined;
    let late = 0;
    for (const _ of range(10)) {
      const { x, y } = next();
      const logits = model.forward(x);
      const loss = crossEntropy(logits, y);
      if (keep) logits.keep();
      opt.zeroGrad();
      loss.backward();
      opt.step();
      await loss.item();
      if (before) late += (await before.loss.item()) + (await hits(before.logits, before.y).item());
      before = { logits, loss, y };
    }
    return late;
  };
  await assert.rejects(
    loop(false),
    /was not kept, and the value of fc2\.bias from before update 2 is gone: read it before the next step/,
  );
  assert.ok((await loop(true)) > 0);
});

test("a forward function with awaits in it", async () => {
  const { model, eager } = await setup();
  const next = batches();
  const opt = new SGD(model.params, 0.1);
  const meter = new Meter();
  for (const _ of range(STEPS)) {
    const { x, y, X, Y } = next();
    const h = model.hidden(x, relu);
    await soon(); // weights that come from somewhere
    const loss = crossEntropy(dense(h, model.layers[1]), y);
    await null;
    opt.zeroGrad();
    loss.backward();
    opt.step();
    eager.zeroGrad();
    eager.forward(X);
    close(await loss.item(), eager.loss(Y));
    eager.backward();
    eager.sgd(0.1);
    meter.step();
  }
  meter.check({ programs: 1 });
});

test("a kernel fails while the next forward pass settles the step: the cells are as before, batch norm too", async () => {
  const { device, model, eager } = await setup({ norm: true });
  const next = batches();
  const opt = new SGD(model.params, 0.1);
  let failed = 0;
  const forward = (x: Tensor) => {
    try {
      return model.forward(x);
    } catch (error) {
      assert.match((error as Error).message, /out of memory/);
      failed++;
      return model.forward(x);
    }
  };
  for (const i of range(30)) {
    const { x, y, X, Y } = next();
    const loss = crossEntropy(forward(x), y);
    opt.zeroGrad();
    loss.backward();
    opt.step();
    if (i === 10) {
      device.failAt = "logSoftmax"; // nobody looks: fails when the next step needs a parameter
      continue;
    }
    eager.zeroGrad();
    eager.forward(X);
    eager.loss(Y);
    eager.backward();
    eager.sgd(0.1);
  }
  assert.equal(failed, 1);
  await sameParams(model, eager);
  closeAll(await model.norm!.variance.data(), eager.rv);
});

test("a deep chain does not overflow the stack", async () => {
  await setup({ options: { maxPending: 1e6 } });
  const w = new Parameter(tensor(1));
  let t: Tensor = w.add(w);
  for (const _ of range(30_000)) t = t.add(1e-6);
  t.backward();
  close(await w.grad!.item(), 2);
});

test("what runs because too much is pending may be the inputs of the op at hand", async () => {
  await setup({ options: { maxPending: 1 } });
  const x = tensor([1, 4]);
  const root = x.sqrt();
  const twice = root.neg();
  assert.deepEqual(await root.mul(twice).toArray(), [-1, -4]);
});

test("an evaluation each step that nobody reads does not pile up old parameters", async () => {
  const { model } = await setup();
  const next = batches();
  const opt = new SGD(model.params, 0.1);
  const live: number[] = [];
  for (const _ of range(100)) {
    const { x, y } = next();
    noGrad(() => model.forward(next().x).sum());
    const loss = crossEntropy(model.forward(x), y);
    opt.zeroGrad();
    loss.backward();
    opt.step();
    await loss.item();
    live.push(memory().buffers);
  }
  assert.ok(live[99] <= live[20], `live ${live[20]} -> ${live[99]}`);
});

test("one cell set twice in a tick, and set from another cell", async () => {
  await setup();
  const a = new Cell("a", tensor([1, 2]));
  const b = new Cell("b", tensor([0, 0]));
  for (const _ of range(10)) {
    a.set(a.add(1));
    a.set(a.add(1));
    b.set(a.value);
  }
  closeAll(await a.data(), [21, 22]);
  closeAll(await b.data(), [21, 22]);
  a.set(a.mul(2));
  closeAll(await b.data(), [21, 22]);
  closeAll(await a.data(), [42, 44]);
  assert.ok(memory().buffers <= 3, `${memory().buffers}`);
});

test("a step skipped after a look at the loss", async () => {
  const { model, eager } = await setup();
  const next = batches();
  const opt = new SGD(model.params, 0.1);
  const meter = new Meter();
  for (const i of range(STEPS)) {
    const { x, y, X, Y } = next();
    const loss = crossEntropy(model.forward(x), y);
    eager.zeroGrad();
    eager.forward(X);
    close(await loss.item(), eager.loss(Y));
    if (i % 3 !== 2) {
      opt.zeroGrad();
      loss.backward();
      opt.step();
      eager.backward();
      eager.sgd(0.1);
    }
    await sync();
    meter.step();
  }
  await sameParams(model, eager);
  meter.check({ period: 3, flatFrom: 4, programs: 2 });
});

test("clip after looking at the norm: the updates of all parameters are one program", async () => {
  const { model } = await setup();
  const next = batches();
  const opt = new SGD(model.params, 0.1);
  for (const _ of range(10)) {
    const { x, y } = next();
    const loss = crossEntropy(model.forward(x), y);
    opt.zeroGrad();
    loss.backward();
    await clipGradNorm(model.params, 1).item();
    opt.step();
  }
  await sync();
  assert.deepEqual([stats().runs, stats().programs], [20, 2]);
});

test("a parameter made from a value that is still pending", async () => {
  await setup();
  const w = tensor([1, 2, 3, 4, 5, 6], { shape: [2, 3] });
  const p = new Parameter(w.mul(0.5));
  close(await p.mul(p).sum().item(), 91 / 4);
  assert.ok(memory().buffers <= 2);
  assert.equal(stats().recomputed, 0);
});

test("an inner value read now and then, in the tick of the loss, is not another program", async () => {
  const { model, eager } = await setup();
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
    const out = eager.forward(X).flat();
    if (i % 10 === 5) closeAll((await Promise.all([logits.data(), loss.item()]))[0], out);
    else await loss.item();
    eager.loss(Y);
    eager.backward();
    eager.sgd(0.1);
    meter.step();
  }
  meter.check({ programs: 1 });
  assert.equal(stats().compiled, 2);
});

test("an old value and the new one in one op; one value in two cells", async () => {
  await setup();
  const p = new Parameter(tensor([1, 2]), { name: "p" });
  const q = new Buffer(tensor([0, 0]), { name: "q" });
  const meter = new Meter();
  let a = [1, 2];
  for (const _ of range(STEPS)) {
    const t = noGrad(() => p.mul(0.5).add(1)); // of the old p
    p.set(noGrad(() => p.sub(t.mul(0.1))));
    q.set(p.current); // pending in both
    const y = noGrad(() => t.mul(p)); // the old and the new one
    const old = a.map((v) => v * 0.5 + 1);
    a = a.map((v, k) => v - 0.1 * old[k]);
    closeAll(
      await y.data(),
      a.map((v, k) => v * old[k]),
    );
    closeAll(await q.data(), a);
    meter.step();
  }
  meter.check({ programs: 2, flatFrom: 3 });
});

test("the norm of accumulated gradients, read after the step: clipGradNorm keeps it, one's own is gone", async () => {
  for (const own of [false, true]) {
    const { model, eager } = await setup();
    const next = batches();
    const opt = new SGD(model.params, 0.1);
    const meter = new Meter();
    const loop = async () => {
      for (const _ of range(20)) {
        opt.zeroGrad();
        eager.zeroGrad();
        let loss!: Tensor;
        for (const _ of range(3)) {
          const { x, y, X, Y } = next();
          loss = crossEntropy(model.forward(x), y);
          loss.backward();
          eager.forward(X);
          eager.loss(Y);
          eager.backward();
        }
        const square = noGrad(() => model.params.map((p) => p.grad!.mul(p.grad!).sum()).reduce((a, b) => a.add(b)));
        const late = own ? square : clipGradNorm(model.params, 1e6);
        if (own)
          noGrad(() => {
            square.mul(square);
            for (const p of model.params) p.grad = p.grad!.mul(1); // clipping by hand
          });
        opt.step();
        await loss.item();
        close(await late.item(), own ? eager.clip(1e6) ** 2 : eager.clip(1e6));
        eager.sgd(0.1);
        meter.step();
      }
    };
    if (own)
      await assert.rejects(loop(), /\.grad from before update \d+ is gone: read it before the next step, or call keep/);
    else {
      await loop();
      meter.check({ programs: 3, flatFrom: 10 });
    }
  }
});

test("reads that nobody awaits", async () => {
  const { model, eager } = await setup();
  const next = batches();
  const opt = new SGD(model.params, 0.1);
  const seen: number[] = [];
  const expected: number[] = [];
  for (const i of range(STEPS)) {
    const { x, y, X, Y } = next();
    const loss = crossEntropy(model.forward(x), y);
    opt.zeroGrad();
    loss.backward();
    opt.step();
    void loss.item().then((v) => seen.push(v));
    eager.zeroGrad();
    eager.forward(X);
    expected.push(eager.loss(Y));
    eager.backward();
    eager.sgd(0.1);
    if (i % 7 === 0) await null;
  }
  await soon();
  closeAll(seen.sort(), expected.sort());
  assert.deepEqual([stats().programs, stats().recomputed], [1, 0]);
  assert.ok(memory().buffers < 15, `${memory().buffers}`);
});

test("requests that arrive together share a program, not a graph", async () => {
  const { model, eager } = await setup({ options: { resultBytes: 1 << 24 } });
  const next = batches();
  for (const n of range(6))
    await Promise.all(
      range(n + 1).map(async () => {
        const { x, X } = next(4);
        const y = noGrad(() => model.forward(x));
        const [a, b] = await Promise.all([y.data(), y.data()]);
        assert.deepEqual(a, b);
        closeAll(a, eager.forward(X).flat());
      }),
    );
  assert.deepEqual([stats().programs, stats().runs, memory().buffers], [1, 21, 4]);
});

test("a result that is disposed of is gone, and its memory comes back", async () => {
  await setup();
  const w = new Parameter(tensor([1, 2]));
  const y = noGrad(() => w.mul(2));
  await sync();
  const before = memory().buffers;
  y.dispose();
  assert.equal(memory().buffers, before - 1);
  await assert.rejects(y.data(), /it was disposed/);
});

test("results beyond the window leave for the host, the oldest first", async () => {
  await setup({ options: { resultBytes: SMALL_WINDOW } });
  const x = new Parameter(tensor([1, 2]));
  const results = range(20).map((i) => {
    const y = noGrad(() => x.mul(i));
    return y;
  });
  await sync();
  await soon();
  assert.ok(memory().buffers <= 8 + 1, `${memory().buffers}`);
  for (const [i, y] of results.entries()) closeAll(await y.data(), [i, 2 * i]);
});

test("another setBackend leaves nothing of the session before on the device but what cells hold", async () => {
  const { device, model } = await setup();
  const next = batches();
  const opt = new SGD(model.params, 0.1);
  const logits: Tensor[] = [];
  const losses: Tensor[] = [];
  for (const _ of range(3)) {
    const { x, y } = next();
    logits.push(model.forward(x));
    losses.push(crossEntropy(logits.at(-1)!, y));
    opt.zeroGrad();
    losses.at(-1)!.backward();
    opt.step();
    await sync();
  }
  assert.ok(device.executed > 0);
  setBackend(getBackend());
  await soon();
  assert.equal(memory().buffers, 8 + 4, "parameters now and before their last update, gradients");
  for (const loss of losses) assert.ok((await loss.item()) > 0);
});
