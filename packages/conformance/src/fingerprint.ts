// What the suite asks, as one hash: a report made when it asked something else is out of date.
import { reference } from "@lamina/backend-reference";
import { type OpName, ops } from "@lamina/core";
import { levels } from "./case.ts";
import { opCases } from "./cases/index.ts";
import { checksOf } from "./levels/index.ts";
import { recordOf } from "./subject.ts";

/** SHA-256, in hexadecimal, of the ops and which of them are required, of the cases of ops, and of the ids of all checks. */
export async function suiteFingerprint(): Promise<string> {
  const open = () => reference({ precision: "double" });
  const oracle = await open();
  const checks = await checksOf({ backend: oracle, oracle, open }, levels);
  await oracle.close();
  const table = (Object.keys(ops) as OpName[]).map((name) => [name, !recordOf(name).decompose]);
  const asked = [table, opCases, checks.map(({ level, op, name }) => [level, op, name])];
  const bytes = new TextEncoder().encode(
    JSON.stringify(asked, (_, value) => (Number.isFinite(value) ? value : spelt(value))),
  );
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
/** JSON has no NaN and no infinities. */
const spelt = (value: unknown): unknown => (typeof value === "number" ? String(value) : value);
