// torchvision's networks: the same keys, and on the same weights the same numbers as torchvision 0.29 (tools/goldens), on
// pictures of 64 x 64 pixels.
import { readFile } from "node:fs/promises";
import { type Backend, Generator, nn, noGrad, setBackend, type Tensor, tensor } from "@lamina/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
// by their paths: the suite, whose formula for weights this is, has these networks
import { wasm } from "../../../backend-wasm/src/index.ts";
import { Fixture } from "../../../conformance/src/fixtures.ts";
import { fillByFormula } from "../../../conformance/src/formula.ts";
import { torchvision } from "../index.ts";

interface Case {
  readonly id: keyof typeof torchvision & string;
  readonly parameters: number;
  readonly keys: readonly string[];
}
const file = await readFile(new URL("../../fixtures/torchvision.safetensors", import.meta.url));
const fixture = new Fixture<Case>(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer);

/** The VGGs have 140 million weights each: on a busy machine that takes a while. */
const PATIENCE = 300_000;

let device: Backend;
beforeEach(async () => setBackend((device = await wasm())));
afterEach(() => device.close());

const { GoogLeNet, ...networks } = torchvision;
const pictures = (n: number) =>
  tensor(new Generator(5).uniforms(2 * 3 * 64 * 64), { shape: [2, 3, 64, 64] }).narrow(0, 0, n);

async function expectNear(found: Tensor, name: string) {
  const values = (await found.data()) as Float32Array;
  const expected = fixture.data(name) as Float32Array;
  const largest = expected.reduce((most, e) => Math.max(most, Math.abs(e)), 0);
  expect(largest).toBeGreaterThan(0);
  expect(values).toHaveLength(expected.length);
  const worst = values.reduce((most, v, i) => Math.max(most, Math.abs(v - expected[i])), 0);
  expect(worst / largest).toBeLessThan(1e-4);
}

test("all of them have a fixture", () => {
  expect(fixture.cases.map((c) => c.id).sort()).toEqual(Object.keys(networks).sort());
});
test.each(fixture.cases.map((c) => [c.id, c] as const))(
  "%s: keys, parameters and logits",
  async (id, { parameters, keys }) => {
    const net = networks[id as keyof typeof networks]().eval();
    expect(net.numParameters()).toBe(parameters);
    const own = [...net.namedParameters(), ...net.namedBuffers()].map(([key]) => key);
    expect([...own].sort()).toEqual([...keys].sort());
    await expectNear(
      noGrad(() => fillByFormula(net).forward(pictures(1))),
      `${id}/logits`,
    );
  },
  PATIENCE,
);
describe("googlenet", () => {
  test("in training: the auxiliary heads, with the batch's statistics", async () => {
    const net = fillByFormula(torchvision.googlenet({ dropout: 0, dropoutAux: 0 }));
    const { logits, auxLogits2, auxLogits1 } = noGrad(() => net.outputs(pictures(2)));
    await expectNear(logits, "googlenet/training.logits");
    await expectNear(auxLogits2, "googlenet/training.aux2");
    await expectNear(auxLogits1, "googlenet/training.aux1");
  });
  test("transformInput", async () => {
    const net = fillByFormula(torchvision.googlenet({ transformInput: true })).eval();
    await expectNear(
      noGrad(() => net.forward(pictures(1))),
      "googlenet/transformed",
    );
  });
  test("without auxiliary heads", () => {
    const net = torchvision.googlenet({ auxLogits: false, numClasses: 7 });
    expect(net.numParameters()).toBe(5_607_079);
    expect(() => net.outputs(pictures(1))).toThrow(
      "outputs: this GoogLeNet was made without auxiliary heads; make it with auxLogits: true",
    );
  });
});
test("weights start as torchvision's", async () => {
  const spread = async (p: nn.Parameter) => {
    const values = (await p.data()) as Float32Array;
    return Math.sqrt(values.reduce((s, v) => s + v * v, 0) / values.length);
  };
  const layersOf = (net: nn.Module) => net.modules().filter((m) => m instanceof nn.Conv2d || m instanceof nn.Linear);
  const [first] = layersOf(torchvision.vgg11());
  expect((await spread(first.weight)) / Math.sqrt(2 / (64 * 9))).toBeCloseTo(1, 1);
  expect(await spread(first.bias!)).toBe(0);
  expect(await spread(layersOf(torchvision.mobilenet_v2()).at(-1)!.weight)).toBeCloseTo(0.01, 3);
  expect((await spread(layersOf(torchvision.resnet18())[0].weight)) / Math.sqrt(2 / (64 * 49))).toBeCloseTo(1, 1);
});
