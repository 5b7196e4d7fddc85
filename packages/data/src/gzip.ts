// Unpacks gzip, by Node's zlib or a browser's DecompressionStream, and never unpacks more than was promised.
// What the bytes mean is left to the caller.
import { LaminaFormatError } from "@lamina/core";

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** What the caller knows of the unpacked bytes. */
export interface Promised {
  /** How many first bytes tell the size. */
  readonly head: number;
  /** The size of the whole, read from at least `head` first bytes; throws if they are wrong. */
  size(first: Uint8Array): number;
}

/**
 * The unpacked bytes of a gzip file (RFC 1952) with one member.
 * @throws LaminaFormatError if the file is damaged, truncated or followed by other bytes, or unpacks to more than promised.
 * Offsets count unpacked bytes: engines do not say where in the packed ones they stopped.
 */
export async function gunzip(bytes: Uint8Array, name: string, promised: Promised): Promise<Uint8Array> {
  const reader = (await unpacking(bytes)).getReader();
  let whole: Uint8Array = new Uint8Array(0);
  let length = 0;
  let limit: number | undefined;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (limit === undefined) whole = join(whole, part.value);
      else if (length + part.value.length <= limit) whole.set(part.value, length);
      length += part.value.length;
      if (limit === undefined && length >= promised.head) {
        limit = promised.size(whole);
        if (length < limit) whole = join(whole, new Uint8Array(limit - length)); // the rest goes where it belongs
      }
      if (limit !== undefined && length > limit) throw tooMuch(name, limit);
    }
  } catch (error) {
    reader.cancel().catch(ignore);
    throw error instanceof LaminaFormatError ? error : damaged(name, length, error);
  }
  checkTrailer(bytes, name, length);
  return whole.subarray(0, length);
}

const ignore = () => {};

/** Node's zlib can be told to hand out large pieces: small ones lie scattered over the process's memory, which then does not shrink. */
const PIECE = 1 << 20;

async function unpacking(bytes: Uint8Array): Promise<ReadableStream<Uint8Array>> {
  if (typeof process !== "undefined" && process.versions?.node) {
    const [{ createGunzip }, { Readable }] = await Promise.all([import("node:zlib"), import("node:stream")]);
    const stream = createGunzip({ chunkSize: PIECE });
    stream.end(bytes);
    return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
  }
  const { readable, writable } = new DecompressionStream("gzip");
  const writer = writable.getWriter();
  // Errors reach the reader; the writer's copies of them have no other listener.
  writer.write(bytes as Uint8Array<ArrayBuffer>).catch(ignore);
  writer.close().catch(ignore);
  return readable;
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

const again = "the file is damaged or not complete, get it again";

export const tooMuch = (name: string, limit: number) =>
  new LaminaFormatError(
    name,
    limit,
    `the gzip data unpacks to more than the ${limit} bytes that its header promises; ${again}`,
  );

export function damaged(name: string, length: number, cause: unknown): LaminaFormatError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const error = new LaminaFormatError(
    name,
    length,
    `the gzip data ends or breaks after ${length} unpacked bytes${reason && ` (${reason})`}; ${again}`,
  );
  error.cause = cause;
  return error;
}

/** Of the packed bytes, or their end. Node 20 does not mind bytes behind the end, so compare the length in the last four bytes with what came out. */
export function checkTrailer(bytes: Uint8Array, name: string, length: number): void {
  const said = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4, true);
  if (said !== length % 2 ** 32)
    throw new LaminaFormatError(
      name,
      length,
      `the gzip data unpacks to ${length} bytes but its trailer says ${said}; ${again}`,
    );
}
