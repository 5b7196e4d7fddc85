// Fetches a data set's files from a folder, a URL or memory. What is in them is left to idx.ts.
import type { NamedBytes } from "./images.ts";

/** A file: its bytes, its path (Node) or its URL. */
export type FileSource = Uint8Array | string | URL;
/** A folder that holds the files by their usual names, by path (Node) or URL; or each file by itself. */
export type Source = string | URL | { readonly images: FileSource; readonly labels: FileSource };
export type Fetch = (url: URL) => Promise<Response>;

/** Whose files, under which of their names; `hint` says what else the user can do. */
export interface Wanted {
  readonly op: string;
  readonly hint: string;
  readonly fetch: Fetch;
}

const inNode = () => typeof process !== "undefined" && process.versions?.node !== undefined;

/** A path stays one in Node; in a browser it is relative to the page. */
function locate(place: string | URL): string | URL {
  if (typeof place !== "string") return place;
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(place)) return new URL(place);
  return inNode() ? place : new URL(place, (globalThis as { location?: { href: string } }).location?.href);
}

function inside(folder: string | URL, name: string): string | URL {
  const slash = (text: string) => (text.endsWith("/") ? text : `${text}/`);
  return typeof folder === "string" ? slash(folder) + name : new URL(name, slash(folder.href));
}

/** Reads one file, whichever of `names` is there first. */
export async function readFromFolder(
  folder: string | URL,
  names: readonly string[],
  wanted: Wanted,
): Promise<NamedBytes> {
  const base = locate(folder);
  for (const name of names) {
    const bytes = await readIfThere(inside(base, name), wanted);
    if (bytes) return { name, bytes };
  }
  throw new Error(`${wanted.op}: neither ${names.join(" nor ")} is in ${base}; ${wanted.hint}`);
}

/** As Promise.all, but where several cannot be read it is the first of them that is told, whichever failed sooner. */
export async function inOrder<P extends readonly Promise<NamedBytes>[] | []>(
  reading: P,
): Promise<{ -readonly [K in keyof P]: Awaited<P[K]> }> {
  await Promise.allSettled(reading);
  return Promise.all(reading);
}

/** Reads the one file that is meant. `role` is what errors call bytes without a name. */
export async function readFile(source: FileSource, role: string, wanted: Wanted): Promise<NamedBytes> {
  if (source instanceof Uint8Array) return { name: role, bytes: source };
  const bytes = await readIfThere(locate(source), wanted);
  if (!bytes) throw new Error(`${wanted.op}: there is no file ${source}; ${wanted.hint}`);
  return { name: String(source).split("/").at(-1) || role, bytes };
}

async function readIfThere(place: string | URL, wanted: Wanted): Promise<NamedBytes["bytes"] | undefined> {
  const isFile = typeof place === "string" || (place.protocol === "file:" && inNode());
  return isFile ? readLocal(place, wanted) : download(place, wanted);
}

async function readLocal(place: string | URL, { op, hint }: Wanted): Promise<NamedBytes["bytes"] | undefined> {
  const fs = await import("node:fs/promises");
  try {
    if (!String(place).endsWith(".gz")) return await fs.readFile(place);
    await fs.access(place, fs.constants.R_OK);
    return streamOf(place);
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new Error(`${op}: ${place} cannot be read (${message}); ${hint}`, { cause });
  }
}

/** Of a packed file, which nobody needs as a whole: 26 MB that have come and gone stay with the process, for malloc keeps the room. */
async function* streamOf(place: string | URL): AsyncGenerator<Uint8Array> {
  const { createReadStream } = await import("node:fs");
  yield* createReadStream(place, { highWaterMark: 1 << 18 });
}

async function download(url: URL, { op, hint, fetch }: Wanted): Promise<Uint8Array | undefined> {
  const failed = (reason: string, cause?: unknown) =>
    new Error(`${op}: ${url} cannot be fetched (${reason}); ${hint}`, { cause });
  let response: Response;
  try {
    response = await fetch(url);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw failed(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (response.status === 404) return undefined;
  throw failed(`the server answers ${response.status} ${response.statusText}`.trim());
}
