const FIRST_MS = 1000;
const FACTOR = 2;
const LONGEST_MS = 30_000;

/**
 * When to try again: after a time that doubles with every failure, spread by chance so that many who lost a backend at
 * once don't come back at once; or after the time that the backend asked for.
 */
export class BackOff {
  #failureCount = 0;
  #waiting: { readonly atMs: number; readonly reason: string } | undefined;

  /** What is being waited for; `undefined` when it may be tried now. */
  get waiting(): { readonly atMs: number; readonly reason: string } | undefined {
    if (this.#waiting !== undefined && this.#waiting.atMs <= Date.now()) return undefined;
    return this.#waiting;
  }

  /** Why it failed the last time, until something is accepted. */
  get problem(): string | undefined {
    return this.#waiting?.reason;
  }

  fail(reason: string, afterMs?: number): { readonly atMs: number; readonly reason: string } {
    const longest = Math.min(LONGEST_MS, FIRST_MS * FACTOR ** this.#failureCount);
    this.#failureCount += 1;
    const waitMs = afterMs ?? longest * (0.5 + Math.random() / 2);
    this.#waiting = { atMs: Math.ceil(Date.now() + waitMs), reason };
    return this.#waiting;
  }

  succeed(): void {
    this.#failureCount = 0;
    this.#waiting = undefined;
  }
}
