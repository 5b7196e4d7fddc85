// What a mutation is, and how it is found in a source text.
export interface Mutation {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  /** A text that stands in the file exactly once, whatever its line breaks, and what it becomes. */
  readonly find: string;
  readonly replace: string;
}

/** The text with any white space, or none, between its characters: a formatter may break it anywhere. */
function patternOf(text: string): RegExp {
  const characters = [...text.replace(/\s+/g, "")].map((c) => c.replace(/[.*+?^${}()|[\]\\]/, "\\$&"));
  return new RegExp(characters.join("\\s*"), "g");
}

/** @throws if the text is not there, or more than once: then the source has moved on and the mutation has to follow. */
export function mutate(source: string, { file, find, replace }: Mutation): string {
  const pattern = patternOf(find);
  const times = source.match(pattern)?.length ?? 0;
  if (times !== 1)
    throw new Error(`${file}: ${JSON.stringify(find)} stands there ${times} times, not once; update the mutation`);
  return source.replace(pattern, () => replace);
}
