// A checkpoint as bytes: a safetensors file, so that others can read its tensors, with the rest as JSON in its metadata
// and a digest over every byte. Where the bytes go is checkpoint.ts's business.
import { LaminaFormatError } from "@lamina/core";
import type { Checkpoint, CheckpointMeta } from "./progress.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

const FORMAT = "lamina-checkpoint";
/** Raised when older readers would misread what is written. */
const VERSION = "1";
const BLANK = "0".repeat(64);

async function sha256(bytes: Uint8Array): Promise<string> {
  // lib.dom's type wants a buffer that is not shared; ours never is.
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join("");
}
/** The place of the digest, whose value is `now`: the key cannot occur unescaped anywhere else in the header. */
function digestAt(bytes: Uint8Array, now: string): number {
  const before = '"sha256":"';
  const header = new TextDecoder("latin1").decode(
    bytes.subarray(0, 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))),
  );
  return header.indexOf(`${before}${now}"`) + before.length;
}
const put = (bytes: Uint8Array, at: number, text: string): Uint8Array => {
  bytes.set(new TextEncoder().encode(text), at);
  return bytes;
};

export async function encodeCheckpoint({ tensors, meta }: Checkpoint): Promise<Uint8Array> {
  const bytes = await writeSafetensors(tensors, {
    format: FORMAT,
    formatVersion: VERSION,
    sha256: BLANK,
    meta: JSON.stringify(meta),
  });
  const at = digestAt(bytes, BLANK);
  return put(bytes, at, await sha256(bytes));
}

/** @throws LaminaFormatError if the bytes are not a checkpoint exactly as it was written. */
export async function decodeCheckpoint(bytes: Uint8Array, file: string): Promise<Checkpoint> {
  const { tensors, metadata } = readSafetensors(bytes, file);
  const [format, version, digest] = ["format", "formatVersion", "sha256"].map((key) => metadata.get(key) ?? "none");
  if (format !== FORMAT)
    throw new LaminaFormatError(file, 8, `not a checkpoint: its format is ${format}, not ${FORMAT}`);
  if (version !== VERSION)
    throw new LaminaFormatError(
      file,
      8,
      `the checkpoint has format version ${version}, and this library reads ${VERSION}`,
    );
  const found = await sha256(put(new Uint8Array(bytes), digestAt(bytes, digest), BLANK));
  if (found !== digest)
    throw new LaminaFormatError(file, 8, `the checkpoint is damaged: its digest is ${found} but should be ${digest}`);
  return { tensors, meta: readMeta(metadata.get("meta"), file) };
}

function readMeta(text: string | undefined, file: string): CheckpointMeta {
  try {
    const meta = JSON.parse(text ?? "") as CheckpointMeta;
    const counts = [
      meta.epoch,
      meta.step,
      meta.random.seed,
      meta.random.counter,
      ...Object.values(meta.optimizer.numbers).map(({ step }) => step),
    ];
    const lists = [
      meta.history,
      meta.optimizer.paramGroups,
      ...meta.optimizer.paramGroups.map((group) => group.params),
    ];
    const sums = [meta.sums.loss, meta.sums.examples, meta.seconds];
    const isPlain = typeof meta.companions === "object" && meta.companions !== null;
    if (isPlain && counts.every(Number.isSafeInteger) && lists.every(Array.isArray) && sums.every(Number.isFinite))
      return meta;
  } catch {
    // said below
  }
  throw new LaminaFormatError(file, 8, "the checkpoint's metadata are not what fit() writes");
}
