// crc-32 has types for its main module alone; this is the other one.
declare module "crc-32/crc32c.js" {
  /** CRC-32C (Castagnoli), signed. */
  const crc32c: { buf(data: Uint8Array, seed?: number): number };
  export default crc32c;
}
