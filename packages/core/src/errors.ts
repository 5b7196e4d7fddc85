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
