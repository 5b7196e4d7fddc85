// Level "memory": nothing grows over a thousand steps, nothing is left by what fails, and a closed device holds nothing.
import { type Backend, type MemoryInfo, memory, record, setBackend, sync, tensor, zeros } from "@lamina/core";
import { type Check, expect } from "../check.ts";
import { descend, noise, smallNet } from "../nets.ts";
import { recordOf, type Subject } from "../subject.ts";

const STEPS = 1000;
/** By then every program has been met and compiled, and the window of unread results is full. */
const WARM_UP = 100;

type Loop = (backend: Backend) => (step: number) => Promise<unknown>;
const loops: Readonly<Record<string, Loop>> = {
  "steps whose loss is read": () => {
    const net = smallNet("read");
    return (step) => trained(net, step).item();
  },
  "steps whose loss nobody reads": () => {
    const net = smallNet("unread");
    return async (step) => {
      trained(net, step);
      await sync();
    };
  },
  inference: () => {
    const net = smallNet("inference");
    return (step) => net.loss(step).data();
  },
  "gradients that nobody uses": () => {
    const net = smallNet("unused");
    return (step) => {
      const loss = net.loss(step);
      loss.backward();
      for (const p of net.parameters) p.grad = undefined;
      return loss.item();
    };
  },
};
function trained(net: ReturnType<typeof smallNet>, step: number) {
  const loss = net.loss(step);
  loss.backward();
  descend(net.parameters, 0.1);
  return loss;
}

async function staysFlat(backend: Backend, loop: Loop): Promise<undefined> {
  setBackend(backend, { resultBytes: 1 << 10 });
  const step = loop(backend);
  let warm: MemoryInfo | undefined;
  for (let i = 0; i <= STEPS; i++) {
    await step(i);
    if (i === WARM_UP) warm = memory();
  }
  const end = memory();
  expect(
    end.buffers <= warm!.buffers && end.bytes <= warm!.bytes && end.peakBytes <= warm!.peakBytes,
    () =>
      `${warm!.buffers} buffers, ${warm!.bytes} bytes and a peak of ${warm!.peakBytes} after ${WARM_UP} steps became ${end.buffers}, ${end.bytes} and ${end.peakBytes} after ${STEPS}; something is kept`,
  );
  return undefined;
}

const SIZE = 4;
/** An index out of range is refused by the kernel, which leaves nothing behind in the middle of a program. */
async function refusedLeavesNothing(backend: Backend, op: "gather" | "scatterAdd", bad: number): Promise<undefined> {
  setBackend(backend);
  const before = memory();
  const attempt = () => {
    const index = tensor(new Int32Array([0, bad, 1]), { shape: [1, 3] });
    const rows = noise("rows", [op === "gather" ? SIZE : 1, 3]).mul(2);
    const inputs = op === "gather" ? [rows, index] : [zeros([SIZE, 3]), index, rows];
    return record(recordOf(op), inputs, { axis: 0 }).add(1).data();
  };
  for (let i = 0; i < 3; i++) {
    const message = await attempt().then(
      () => "nothing was thrown",
      (e: Error) => e.message,
    );
    expect(
      message.startsWith(`${op}: index ${bad} is out of range`),
      () => `an index of ${bad} in an axis of ${SIZE}: ${message}`,
    );
  }
  const after = memory();
  expect(
    after.buffers === before.buffers && after.bytes === before.bytes,
    () =>
      `${after.buffers - before.buffers} buffers and ${after.bytes - before.bytes} bytes are left after programs that failed`,
  );
  return undefined;
}

async function closedHoldsNothing({ open, backend }: Subject): Promise<undefined> {
  const other = await open();
  setBackend(other);
  const net = smallNet("closed");
  for (let i = 0; i < 3; i++) await trained(net, i).item();
  const held = other.memory();
  expect(
    held.buffers > 0 && held.peakBytes >= held.bytes,
    () => `the device says ${JSON.stringify(held)} with a network on it`,
  );
  await other.close();
  const { buffers, bytes } = other.memory();
  setBackend(backend);
  expect(buffers === 0 && bytes === 0, () => `${buffers} buffers and ${bytes} bytes are left on a closed device`);
  return undefined;
}

export function memoryChecks(subject: Subject): Check[] {
  const check = (name: string, run: Check["run"]): Check => ({ level: "memory", op: "program", name, run });
  return [
    ...Object.entries(loops).map(([name, loop]) => check(`a thousand ${name}`, () => staysFlat(subject.backend, loop))),
    ...(["gather", "scatterAdd"] as const).flatMap((op) =>
      [-1, SIZE, 2 ** 31 - 1].map(
        (bad): Check => ({
          level: "memory",
          op,
          name: `an index of ${bad} is refused and leaves nothing`,
          run: () => refusedLeavesNothing(subject.backend, op, bad),
        }),
      ),
    ),
    check("a closed device holds nothing", () => closedHoldsNothing(subject)),
  ];
}
