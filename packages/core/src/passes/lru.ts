// A map that forgets what was least recently used once it holds too much.

export class Lru<V> {
  private readonly entries = new Map<string, V>();
  private readonly most: number;
  constructor(most: number) {
    this.most = most;
  }
  get(key: string): V | undefined {
    const value = this.entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }
  /** Returns `value`. */
  set(key: string, value: V): V {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size > this.most) this.entries.delete(this.entries.keys().next().value as string);
    return value;
  }
  clear(): void {
    this.entries.clear();
  }
}
