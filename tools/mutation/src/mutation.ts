// What a mutation is, and how it is found in a source text.
export interface Mutation {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  /** A text that stands in the file exactly once, and what it becomes. */
  readonly find: string;
  readonly replace: string;
}

/** @throws if the text is not there, or more than once: then the source has moved on and the mutation has to follow. */
export function mutate(source: string, { file, find, replace }: Mutation): string {
  const parts = source.split(find);
  if (parts.length !== 2)
    throw new Error(
      `${file}: ${JSON.stringify(find)} stands there ${parts.length - 1} times, not once; update the mutation`,
    );
  return parts.join(replace);
}
