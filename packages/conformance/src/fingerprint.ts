// What the suite asks, level by level, as hashes: a report made when a level asked something else is out of date there.
import { reference } from "@lamina/backend-reference";
import { type OpName, ops } from "@lamina/core";
import { type Level, levels } from "./case.ts";
import { opCases } from "./cases/index.ts";
import { checksOf } from "./levels/index.ts";
import { recordOf } from "./subject.ts";

export type Fingerprints = Readonly<Record<Level, string>>;

/**
 * Of each level the SHA-256, in hexadecimal, of the ids of its checks and of its cases of ops; of level "ops" also of the ops there are
 * and which of them are required.
 */
export async function suiteFingerprints(): Promise<Fingerprints> {
  const open = () => reference({ precision: "double" });
  const oracle = await open();
  const checks = await checksOf({ backend: oracle, oracle, open }, levels);
  await oracle.close();
  const table = (Object.keys(ops) as OpName[]).map((name) => [name, !recordOf(name).decompose]);
  const asked = (of: Level): unknown => [
    of === "ops" ? table : [],
    opCases.filter(({ level = "ops" }) => level === of),
    checks.filter(({ level }) => level === of).map(({ op, name }) => [op, name]),
  ];
  const entries = levels.map(async (level) => [level, await hashOf(asked(level))] as const);
  return Object.fromEntries(await Promise.all(entries)) as Fingerprints;
}
async function hashOf(asked: unknown): Promise<string> {
  const text = JSON.stringify(asked, (_, value) => (Number.isFinite(value) ? value : spelt(value)));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
/** JSON has no NaN and no infinities. */
const spelt = (value: unknown): unknown => (typeof value === "number" ? String(value) : value);
