// Where a value is. Apart from the tensor, so that keeping a value does not keep the graph it came from.
import type { Backend } from "./backend.ts";
import type { Cell } from "./cell.ts";
import type { DType, TypedArray } from "./dtype.ts";
import type { Draw } from "./random.ts";
import type { Session } from "./run.ts";

/** A device as a place to be. Who was put there with to(), and what comes from that, is `placed`; all else follows setBackend(). */
export interface Home {
  readonly backend: Backend;
  readonly session: Session;
  readonly placed: boolean;
}

/** Copies between devices that have not arrived yet. */
export const arrivals = new Set<Promise<void>>();

/** A device buffer and how many owners in core it has: cells, runs, the result window, pending work. */
export class Storage {
  refs = 1;
  buffer: unknown;
  home: Home;
  /** Set while its value is on the way from another device. */
  arrival: Promise<void> | undefined = undefined;
  /** Why its value did not arrive. */
  error: unknown = undefined;
  constructor(buffer: unknown, home: Home) {
    this.buffer = buffer;
    this.home = home;
  }
  get backend(): Backend {
    return this.home.backend;
  }
  retain(): this {
    this.refs++;
    return this;
  }
  release(): void {
    if (--this.refs === 0 && this.buffer !== undefined) this.backend.free(this.buffer);
  }
  read(): TypedArray | Promise<TypedArray> {
    if (this.error) throw this.error;
    return this.backend.read(this.buffer);
  }
  /** Goes to another device, for all who hold it: at once where it can be read at once. What goes wrong is kept in `error`. */
  move(home: Home, dtype: DType): void {
    const { buffer, backend } = this;
    if (backend === home.backend) this.home = home;
    else this.receive(this, home, dtype, () => backend.free(buffer));
  }
  /** The same value on another device. */
  copy(home: Home, dtype: DType): Storage {
    const made = new Storage(undefined, home);
    made.receive(this, home, dtype, () => {});
    return made;
  }
  private receive(from: Storage, home: Home, dtype: DType, done: () => void): void {
    const land = (host: TypedArray) => {
      this.buffer = home.backend.upload(host, dtype);
      this.home = home;
      done();
    };
    const fail = (error: unknown) => void (this.error = error);
    try {
      const host = from.read();
      if (host instanceof Promise) this.wait(host.then(land, fail), from.retain());
      else land(host);
    } catch (error) {
      fail(error);
    }
  }
  private wait(landed: Promise<void>, from: Storage): void {
    this.retain();
    const arrival = landed
      .catch((error) => void (this.error = error))
      .then(() => {
        this.arrival = undefined;
        arrivals.delete(arrival);
        from.release();
        this.release();
      });
    this.arrival = arrival;
    arrivals.add(arrival);
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
  /** What `make` will draw, where that is all it does. */
  draw: Draw | undefined = undefined;

  /** Made now, if it was put off. */
  get host(): TypedArray | undefined {
    if (this.make) this.host = this.make();
    return this.value;
  }
  set host(value: TypedArray | undefined) {
    this.value = value;
    this.make = undefined;
    this.draw = undefined;
  }
  /** Whether `host` would be something. */
  get onHost(): boolean {
    return this.value !== undefined || this.make !== undefined;
  }
  /** The value is made by `make` when someone looks: weights that are replaced before cost nothing. */
  putOff(make: () => TypedArray, draw?: Draw): void {
    this.make = make;
    this.draw = draw;
  }
  /** Has the host's value of `other`, made or not. */
  share(other: Place): void {
    this.value = other.value;
    this.make = other.make;
    this.draw = other.draw;
  }
}
