// Numbers of bytes in words.

/** A number of bytes as people read it. */
export function inBytes(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const k = n < 1024 ? 0 : Math.min(3, Math.floor(Math.log2(n) / 10));
  return `${Number((n / 1024 ** k).toFixed(1))} ${units[k]}`;
}
