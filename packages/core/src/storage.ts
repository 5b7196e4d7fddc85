// Where a value is. Apart from the tensor, so that keeping a value does not keep the graph it came from.
import type { Backend } from "./backend.ts";
import type { Cell } from "./cell.ts";
import type { TypedArray } from "./dtype.ts";

/** A device buffer and how many owners in core it has: cells, runs, the result window, pending work. */
export class Storage {
  refs = 1;
  readonly buffer: unknown;
  readonly backend: Backend;
  constructor(buffer: unknown, backend: Backend) {
    this.buffer = buffer;
    this.backend = backend;
  }
  retain(): this {
    this.refs++;
    return this;
  }
  release(): void {
    if (--this.refs === 0) this.backend.free(this.buffer);
  }
}

/** On the device, on the host, both or neither; when it is nowhere it can be computed again, unless `gone` says why not. */
export class Place {
  storage: Storage | undefined = undefined;
  host: TypedArray | undefined = undefined;
  /** The cell that owns it. */
  cell: Cell | undefined = undefined;
  gone: string | undefined = undefined;
}
