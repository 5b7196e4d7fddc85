// What PyTorch computed for the tests of this package: fixtures/*.safetensors, written by tools/goldens/optimizers.py.
import { readFileSync } from "node:fs";
import { readSafetensors, type SafeTensors } from "./safetensors.ts";

/** For tests only: the tensors, and the cases from the file's metadata. */
export function fixture<Case>(name: string): { cases: Case[]; tensors: SafeTensors["tensors"] } {
  const file = new URL(`../fixtures/${name}.safetensors`, import.meta.url);
  const { tensors, metadata } = readSafetensors(new Uint8Array(readFileSync(file)), `${name}.safetensors`);
  return { tensors, cases: JSON.parse(metadata.get("cases")!) as Case[] };
}
