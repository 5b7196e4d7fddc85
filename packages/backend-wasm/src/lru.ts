// A map that forgets what was least recently used once it holds too much.

export class Lru<V> {
  private readonly entries = new Map<string, V>();
  private readonly most: number;
  constructor(most: number) {
    this.most = most;
  }
  /** The value for `key`, made if it is not there. */
  get(key: string, make: () => V): V {
    let value = this.entries.get(key);
    if (value === undefined) value = make();
    else this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size > this.most) this.entries.delete(this.entries.keys().next().value as string);
    return value;
  }
  get size(): number {
    return this.entries.size;
  }
  clear(): void {
    this.entries.clear();
  }
}
