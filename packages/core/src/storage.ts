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
  /** The cell that owns it. */
  cell: Cell | undefined = undefined;
  gone: string | undefined = undefined;
  private value: TypedArray | undefined = undefined;
  private make: (() => TypedArray) | undefined = undefined;

  /** Made now, if it was put off. */
  get host(): TypedArray | undefined {
    if (this.make) this.host = this.make();
    return this.value;
  }
  set host(value: TypedArray | undefined) {
    this.value = value;
    this.make = undefined;
  }
  /** Whether `host` would be something. */
  get onHost(): boolean {
    return this.value !== undefined || this.make !== undefined;
  }
  /** The value is made by `make` when someone looks: weights that are replaced before cost nothing. */
  putOff(make: () => TypedArray): void {
    this.make = make;
  }
  /** Has the host's value of `other`, made or not. */
  share(other: Place): void {
    this.value = other.value;
    this.make = other.make;
  }
}
