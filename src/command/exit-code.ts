/** The exit codes of `stagelight`'s own. A wrapped command's code or signal passes through as it is. */
export const EXIT = {
  ok: 0,
  /** What was asked has the answer no: runs differ, something is missing. */
  no: 1,
  /** It was called wrongly, or the configuration has a mistake. */
  usage: 2,
  /** A fault of its own. */
  fault: 70,
} as const;
