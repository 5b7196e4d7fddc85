// Errors that programs may want to tell apart.
import { inBytes } from "./dtype.ts";

/** A file, or bytes that came from one, is not what its format says. */
export class LaminaFormatError extends Error {
  override readonly name = "LaminaFormatError";
  readonly file: string;
  /** Where in the file, in bytes. */
  readonly offset: number;
  constructor(file: string, offset: number, message: string) {
    super(`${file}: ${message} (at byte ${offset})`);
    this.file = file;
    this.offset = offset;
  }
}

/**
 * A device went away (a driver was reset, a GPU was unplugged, `device.destroy()`), and with it every value it held. Reads that wait
 * reject with this, never with zeros. `fit` goes on from its last snapshot on a device that was opened anew.
 */
export class DeviceLostError extends Error {
  override readonly name = "DeviceLostError";
  /** The backend's name. */
  readonly device: string;
  /** What the device said of it, as `GPUDeviceLostInfo.message`. */
  readonly reason: string;
  constructor(device: string, reason: string, options?: ErrorOptions) {
    super(
      `${device}: the device was lost (${reason}), and the values on it are gone; open it again, setBackend() the new one, and load the last checkpoint`,
      options,
    );
    this.device = device;
    this.reason = reason;
  }
}

/** A device has no room for what a program needs. The program has not run, and cells keep what they had. */
export class OutOfMemoryError extends Error {
  override readonly name = "OutOfMemoryError";
  /** The backend's name. */
  readonly device: string;
  /** In bytes: what was asked for at once. */
  readonly requested: number;
  readonly inUse: number;
  /** The most that may be in use, where the device knows. */
  readonly limit: number | undefined;
  constructor(
    device: string,
    { requested, inUse, limit }: { requested: number; inUse: number; limit: number | undefined },
    { message, ...options }: ErrorOptions & { message?: string } = {},
  ) {
    const most = limit === undefined ? "" : ` of at most ${inBytes(limit)}`;
    super(
      message ??
        `${device}: ${inBytes(requested)} asked for, but the device has no room for it with ${inBytes(inUse)} in use${most}; use a smaller batch or smaller pictures, or dispose() what is no longer needed`,
      options,
    );
    this.device = device;
    this.requested = requested;
    this.inUse = inUse;
    this.limit = limit;
  }
}
