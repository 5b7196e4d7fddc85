// Attributes of conv2d and its adjoints, and what follows from them.
export interface ConvAttrs {
  /** [h, w] */
  readonly stride: readonly number[];
  /** top, bottom, left, right */
  readonly padding: readonly number[];
  /** [h, w] */
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** Attributes as text, for keys. */
export const convKey = ({ stride, padding, dilation, groups }: ConvAttrs): string =>
  `s${stride} p${padding} d${dilation} g${groups}`;
