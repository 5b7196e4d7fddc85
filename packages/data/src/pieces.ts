// Files that come one piece after the other, as Node reads large ones: what has come and gone in pieces of many megabytes stays with the
// process, because malloc keeps the room.
import { LaminaFormatError } from "@lamina/core";
import { checkTrailer, damaged, isGzip, type Promised, tooMuch } from "./gzip.ts";

export type Pieces = AsyncIterable<Uint8Array>;

/** All of it in one piece. */
export async function whole(file: Uint8Array | Pieces): Promise<Uint8Array> {
  if (file instanceof Uint8Array) return file;
  const pieces: Uint8Array[] = [];
  for await (const piece of file) pieces.push(piece);
  const all = new Uint8Array(pieces.reduce((n, { length }) => n + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The bytes of a file, unpacked if it is gzipped; in Node only. @throws as gunzip() does. */
export async function unpacked(file: Pieces, name: string, promised: Promised): Promise<Uint8Array> {
  const pieces = file[Symbol.asyncIterator]();
  const first = await pieces.next();
  async function* all(): AsyncGenerator<Uint8Array> {
    for (let piece = first; !piece.done; piece = await pieces.next()) yield piece.value;
  }
  return !first.done && isGzip(first.value)
    ? unpackInto(all(), promised.size(await startOf(first.value, name)), name)
    : whole(all());
}

/** zlib allocates what it writes into: here all of it at once. */
async function unpackInto(packed: Pieces, size: number, name: string): Promise<Uint8Array> {
  const [{ createGunzip }, { pipeline }] = await Promise.all([import("node:zlib"), import("node:stream")]);
  const stream = createGunzip({ chunkSize: Math.max(LEAST_CHUNK, size + 1) });
  let end: Uint8Array = new Uint8Array(0);
  async function* watched(): AsyncGenerator<Uint8Array> {
    for await (const piece of packed) {
      end = piece.length < TRAILER ? Uint8Array.of(...end.subarray(-TRAILER), ...piece) : piece;
      yield piece;
    }
  }
  pipeline(watched(), stream, () => {}); // errors reach the reader
  let all = new Uint8Array(0);
  let length = 0;
  try {
    for await (const part of stream as AsyncIterable<Uint8Array<ArrayBuffer>>) {
      if (length + part.length > size) throw tooMuch(name, size);
      if (length === 0) all = new Uint8Array(part.buffer, part.byteOffset, size);
      else if (part.buffer !== all.buffer) all.set(part, length);
      length += part.length;
    }
  } catch (error) {
    throw error instanceof LaminaFormatError ? error : damaged(name, length, error);
  }
  checkTrailer(end, name, length);
  return all.subarray(0, length);
}
/** Bytes. */
const TRAILER = 4;
/** Of zlib. */
const LEAST_CHUNK = 64;

/** What the first piece of a packed file unpacks to. */
async function startOf(piece: Uint8Array, name: string): Promise<Uint8Array> {
  const { constants, gunzipSync } = await import("node:zlib");
  try {
    return gunzipSync(piece, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw damaged(name, 0, error);
  }
}
