// Results that nobody has read yet: on the device while they fit in a window, the oldest leaving first, to the host.
import { bytesOf, type TypedArray } from "./dtype.ts";
import { arrivals, type Place } from "./storage.ts";
import type { Tensor } from "./tensor.ts";

/** A small buffer costs a device more than its bytes. */
const LEAST_CHARGE = 4096;

export class ResultWindow {
  private readonly charges = new Map<Place, number>();
  private readonly limit: number;
  private bytes = 0;
  spilled = 0;
  constructor(limit: number) {
    this.limit = limit;
  }
  push(t: Tensor): void {
    if (this.charges.has(t.place)) return;
    const charge = Math.max(LEAST_CHARGE, bytesOf(t));
    this.charges.set(t.place, charge);
    this.bytes += charge;
    while (this.bytes > this.limit) this.spill(this.charges.keys().next().value as Place);
  }
  has(place: Place): boolean {
    return this.charges.has(place);
  }
  /** True if it was in the window. */
  forget(place: Place): boolean {
    this.bytes -= this.charges.get(place) ?? 0;
    return this.charges.delete(place);
  }
  /** Sends everything to the host. */
  empty(): void {
    for (const place of [...this.charges.keys()]) this.spill(place);
  }
  private spill(place: Place): void {
    const storage = place.storage!;
    this.spilled++;
    this.forget(place);
    const arrived = (host: TypedArray) => {
      place.host ??= host;
      place.storage = undefined;
      storage.release();
    };
    const lost = (error: unknown) => void (storage.error = error); // whoever reads it is told
    try {
      const host = storage.read();
      if (host instanceof Promise) this.wait(host.then((h) => void (place.storage === storage && arrived(h)), lost));
      else arrived(host);
    } catch (error) {
      lost(error);
    }
  }
  /** sync() waits for it, or what is sent to the host would pile up in a loop that waits for nothing else. */
  private wait(landed: Promise<void>): void {
    const arrival = landed.then(() => void arrivals.delete(arrival));
    arrivals.add(arrival);
  }
}
