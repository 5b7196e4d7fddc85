// Finds in a module the function that opens its device. Errors are for whoever wrote that module.
import type { Backend } from "@lamina/core";

const camel = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/**
 * Opens by the export `wanted`, else the one with the device's name, else the default one, else the only function there is; it is called with `argument`.
 * @throws when there is none, naming what the module does export.
 */
export function openerOf(
  module: Readonly<Record<string, unknown>>,
  name: string,
  wanted?: string,
  argument?: object,
): () => Promise<Backend> {
  const functions = Object.keys(module).filter((key) => typeof module[key] === "function");
  const candidates = wanted === undefined ? [camel(name), "default"] : [wanted];
  const found =
    candidates.find((key) => functions.includes(key)) ?? (wanted === undefined ? only(functions) : undefined);
  if (found === undefined) throw new Error(missing(Object.keys(module), functions, wanted));
  const open = module[found] as (argument?: object) => unknown;
  return async () => backendFrom(await open(argument), found);
}
const only = (functions: readonly string[]): string | undefined => (functions.length === 1 ? functions[0] : undefined);

function missing(names: readonly string[], functions: readonly string[], wanted: string | undefined): string {
  if (wanted !== undefined)
    return `conformance: the module has no function "${wanted}"; it exports ${names.join(", ") || "nothing"}`;
  if (functions.length > 1)
    return `conformance: the module exports several functions (${functions.join(", ")}); say which one opens the device with --export`;
  return `conformance: the module exports no function that opens a device (it exports ${names.join(", ") || "nothing"}); export an async function that returns a Backend`;
}

/** Members that a Backend cannot do without, and what each has to be. */
const members = {
  name: "string",
  dtypes: "object",
  kernels: "object",
  upload: "function",
  read: "function",
  free: "function",
  memory: "function",
  close: "function",
} as const;

function backendFrom(value: unknown, found: string): Backend {
  if (typeof value !== "object" || value === null)
    throw new Error(`conformance: ${found}() gave ${value === null ? "null" : typeof value} and not a Backend`);
  const wrong = Object.entries(members).filter(
    ([key, type]) => typeof (value as Record<string, unknown>)[key] !== type,
  );
  if (wrong.length)
    throw new Error(
      `conformance: what ${found}() gave is no Backend: ${wrong.map(([key, type]) => `"${key}" must be ${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`).join(", ")}; see docs/write-a-backend.md`,
    );
  return value as Backend;
}
