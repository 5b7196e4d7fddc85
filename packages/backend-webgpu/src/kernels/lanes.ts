// How invocations are dealt out over a result in tiles: neighbours take neighbouring columns, and rows change where a quad
// begins, so that the four invocations of a quad always need the same rows.
export const WORKGROUP = 64;

/** Invocations along a row of tiles: whole workgroups, or whole quads where the row is shorter than one workgroup. */
export const lanesOf = (vectors: number): number => {
  const unit = vectors >= WORKGROUP ? WORKGROUP : 4;
  return Math.ceil(vectors / unit) * unit;
};
export const workgroupsOf = (invocations: number): number => Math.ceil(invocations / WORKGROUP);
