/** Why MLflow didn't do what it was asked. */
export type MlflowFault =
  /** Later perhaps: it is down, slow, busy, or says so itself. */
  | 'retry'
  /** Never as things are: somebody has to change something. */
  | 'blocked'
  /** It has no such thing, for this run and all others: it is too old, or keeps its data otherwise. */
  | 'unsupported'
  /** It won't take this one thing. */
  | 'refused'
  /** What was asked for isn't there. */
  | 'missing';

/** One sentence that says what to change. Holds no credentials. */
export class MlflowError extends Error {
  readonly fault: MlflowFault;
  /** Unix milliseconds before which it needn't be tried again, where the server said so. */
  readonly retryAtMs: number | undefined;

  constructor(
    fault: MlflowFault,
    message: string,
    options: { readonly retryAtMs?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'MlflowError';
    this.fault = fault;
    this.retryAtMs = options.retryAtMs;
  }
}

export function isFault(error: unknown, fault: MlflowFault): boolean {
  return error instanceof MlflowError && error.fault === fault;
}
