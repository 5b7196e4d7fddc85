// A page of docs/book as a program: its TypeScript blocks one after the other, and what they say that they print. A comment
// `// …` behind console.log, or lines of comments under it, is the output; an ellipsis in it stands for anything.
export interface Page {
  readonly code: string;
  /** The lines that are printed, as patterns, in order. */
  readonly printed: readonly RegExp[];
}

const blocks = (text: string): string[] => [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code);

/** Numbers may differ in the last digits that floating point leaves open where an ellipsis says so; the rest is literal. */
function pattern(said: string): RegExp {
  const parts = said.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}

export function pageOf(text: string): Page {
  const code = blocks(text).join("\n");
  const printed: RegExp[] = [];
  let printing = false;
  for (const line of code.split("\n")) {
    const beside = /console\.log\(.*\);? \/\/ (.*)$/.exec(line);
    const below: RegExpExecArray | null =
      /^\s*\/\/ → (.*)$/.exec(line) ?? (printing ? /^\s*\/\/ {3}(.*)$/.exec(line) : null);
    if (beside) printed.push(pattern(beside[1]));
    else if (below) printed.push(pattern(below[1]));
    printing = below !== null;
  }
  return { code, printed };
}
