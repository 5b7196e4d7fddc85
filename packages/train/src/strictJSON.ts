// JSON as a file from a stranger must be read: JSON.parse keeps the last of two equal keys without a word, takes
// "__proto__" for a property, rounds big integers, and reads 1e2 as an integer. Here objects are Maps and numbers text.

/** A number as it was written. */
export class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
export type StrictValue = Map<string, StrictValue> | StrictValue[] | string | boolean | null | NumberText;

const MAX_DEPTH = 16;
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

class Parser {
  at = 0;
  private readonly text: string;
  private readonly fail: (at: number, what: string) => never;
  constructor(text: string, fail: (at: number, what: string) => never) {
    this.text = text;
    this.fail = fail;
  }
  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }
  /** Takes `symbol` if it comes next. */
  private take(symbol: string): boolean {
    this.match(SPACE);
    if (this.text[this.at] !== symbol) return false;
    this.at++;
    return true;
  }
  private expect(symbol: string): void {
    if (!this.take(symbol)) this.fail(this.at, `expected ${symbol} but found ${this.text[this.at] ?? "the end"}`);
  }
  end(): void {
    this.match(SPACE);
    if (this.at < this.text.length) this.fail(this.at, `nothing may follow but found ${this.text[this.at]}`);
  }
  value(depth = 0): StrictValue {
    if (depth > MAX_DEPTH) this.fail(this.at, `nested more than ${MAX_DEPTH} deep`);
    if (this.take("{")) return this.object(depth);
    if (this.take("[")) return this.array(depth);
    const word = this.match(WORD);
    if (word) return JSON.parse(word) as boolean | null;
    const number = this.match(NUMBER);
    return number ? new NumberText(number) : this.string();
  }
  private string(): string {
    this.match(SPACE);
    if (this.text[this.at] !== '"') this.fail(this.at, `expected a value but found ${this.text[this.at] ?? "the end"}`);
    const start = this.at;
    this.at = closingQuote(this.text, start) + 1;
    if (this.at === 0) this.fail(start, "a string does not end");
    try {
      return JSON.parse(this.text.slice(start, this.at)) as string;
    } catch {
      return this.fail(start, "a string has a character or an escape that JSON does not allow");
    }
  }
  private object(depth: number): Map<string, StrictValue> {
    const out = new Map<string, StrictValue>();
    if (this.take("}")) return out;
    do {
      const start = this.at;
      const key = this.string();
      if (out.has(key)) this.fail(start, `the key ${JSON.stringify(key)} occurs twice`);
      this.expect(":");
      out.set(key, this.value(depth + 1));
    } while (this.take(","));
    this.expect("}");
    return out;
  }
  private array(depth: number): StrictValue[] {
    const out: StrictValue[] = [];
    if (this.take("]")) return out;
    do out.push(this.value(depth + 1));
    while (this.take(","));
    this.expect("]");
    return out;
  }
}

/** The quote that ends the string begun at `start`, or -1. A regular expression would need a stack for a long one. */
function closingQuote(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return -1;
}

/** Parses all of `text`. `fail` is told where (in characters) and what, and must throw. */
export function parseStrict(text: string, fail: (at: number, what: string) => never): StrictValue {
  const parser = new Parser(text, fail);
  const value = parser.value();
  parser.end();
  return value;
}

/** A non-negative integer, written as one, that JavaScript holds exactly. */
export function unsigned(value: StrictValue | undefined): number | undefined {
  if (!(value instanceof NumberText) || !/^\d+$/.test(value.text)) return undefined;
  const n = Number(value.text);
  return Number.isSafeInteger(n) ? n : undefined;
}
