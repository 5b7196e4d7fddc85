// What a loader gives, as text that is equal only for equal bits in equal order: made alike on a page and in Node.
import type { Batch } from "@lamina/data";

export async function digests(loader: AsyncIterable<Batch>): Promise<string[]> {
  const found: string[] = [];
  for await (const [x, y] of loader) {
    const words = new Int32Array(Float32Array.from(await x.data()).buffer);
    const bits = words.reduce((hash, word) => (Math.imul(hash, 31) + word) | 0, 0);
    found.push(`[${x.shape}] ${bits} ${await y.data()}`);
  }
  return found;
}
