// What the device tells those who ask how it is getting on.

/** How many pipelines have been asked for, and how many are ready. */
export interface Progress {
  readonly ready: number;
  readonly total: number;
}

/** What has been spent on an op, or a loop of ops, since the last time somebody asked. */
export interface OpTiming {
  readonly ops: string;
  readonly dispatches: number;
  readonly milliseconds: number;
}
