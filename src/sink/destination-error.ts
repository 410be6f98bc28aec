/** A destination that can't be used as it is configured. Nothing was tried. */
export class DestinationError extends Error {
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.name = 'DestinationError';
    this.hint = hint;
  }
}
