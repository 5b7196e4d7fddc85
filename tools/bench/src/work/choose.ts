// Work by its name on the command line: a group, a network, or the start of a piece's own name.
import { type Work, works } from "./works.ts";

const belongs: Readonly<Record<string, (work: Work) => boolean>> = {
  steps: ({ kind }) => kind === "train",
  forward: ({ kind }) => kind === "forward",
  ops: ({ kind }) => kind === "op",
};
export const groups = Object.keys(belongs);

const matches = (name: string, work: Work): boolean =>
  Object.hasOwn(belongs, name)
    ? belongs[name](work)
    : (work.kind !== "op" && work.network === name) || work.id.startsWith(name);

/** All without names; `unknown` is a name that nothing goes by. */
export function chosenWorks(names?: readonly string[]): { works: readonly Work[]; unknown?: string } {
  if (!names) return { works };
  const unknown = names.find((name) => !works.some((work) => matches(name, work)));
  return { works: works.filter((work) => names.some((name) => matches(name, work))), unknown };
}
