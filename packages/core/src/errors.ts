// Errors that programs may want to tell apart.

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
