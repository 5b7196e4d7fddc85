// Scalars for TensorBoard: an event file in the run folder, which a TensorBoard pointed at `runs` shows with those of other runs.
// The form is TFRecord around protocol buffers of tensorflow/core/util/event.proto; fields and checksums are libraries' (pbf, crc-32).
import { appendFile } from "node:fs/promises";
import { hostname } from "node:os";
import crc32c from "crc-32/crc32c.js";
import { PbfWriter } from "pbf";

/** Numbers of the messages' fields. */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const SUMMARY = { value: 1 } as const;
const VALUE = { tag: 1, simpleValue: 2 } as const;
const SESSION_LOG = { status: 1 } as const;
const SESSION_START = 1;

/** TFRecord's: rotated and moved, so that a checksum of data that holds checksums is none by accident. */
function maskedChecksum(data: Uint8Array): number {
  const sum = crc32c.buf(data) >>> 0;
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
}
/** Length, its checksum, data, its checksum. */
function record(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedChecksum(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedChecksum(data), true);
  return bytes;
}
function event(wallTime: number, step: number, write: (pbf: PbfWriter) => void): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeDoubleField(EVENT.wallTime, wallTime);
  pbf.writeVarintField(EVENT.step, step);
  write(pbf);
  return record(pbf.finish());
}
function writeSummary(scalars: Readonly<Record<string, number>>, pbf: PbfWriter): void {
  for (const [tag, value] of Object.entries(scalars))
    pbf.writeMessage(
      SUMMARY.value,
      (one: readonly [string, number], inner: PbfWriter) => {
        inner.writeStringField(VALUE.tag, one[0]);
        inner.writeFloatField(VALUE.simpleValue, one[1]);
      },
      [tag, value] as const,
    );
}

export class EventFile {
  private readonly path: string;
  private readonly now: () => number;
  private pending: Uint8Array[];

  /**
   * A new file, whose numbers take the place of those from `step` on in older files of the same folder: a run that goes on from a
   * checkpoint repeats what came after it.
   */
  constructor(pathOf: (name: string) => string, step: number, now: () => number = () => Date.now() / 1000) {
    this.now = now;
    const start = now();
    this.path = pathOf(
      `events.out.tfevents.${String(Math.floor(start)).padStart(10, "0")}.${hostname()}.${process.pid}.0`,
    );
    this.pending = [
      event(start, 0, (pbf) => pbf.writeStringField(EVENT.fileVersion, "brain.Event:2")),
      event(start, step, (pbf) =>
        pbf.writeMessage(
          EVENT.sessionLog,
          (status: number, inner: PbfWriter) => inner.writeVarintField(SESSION_LOG.status, status),
          SESSION_START,
        ),
      ),
    ];
  }
  /** Scalars at a step, kept until the next flush. */
  add(step: number, scalars: Readonly<Record<string, number>>): void {
    this.pending.push(event(this.now(), step, (pbf) => pbf.writeMessage(EVENT.summary, writeSummary, scalars)));
  }
  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.pending);
    this.pending = [];
    await appendFile(this.path, bytes);
  }
}
