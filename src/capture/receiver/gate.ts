/** Each holds its body, unpacked, twice for a moment: together they have to stay below what a service may take. */
const MAX_INSIDE = 2;
/** A Collector has 10 under way, or as many as it was told. */
const MAX_WAITING = 64;
/** Shorter than Collectors (30 s) and SDKs (10 s) wait for an answer. */
const MAX_WAIT_MS = 8000;

/** Lets few requests in at once; others wait outside, in the order in which they came, and unread: it costs them no memory. */
export class Gate {
  #insideCount = 0;
  readonly #waiting = new Set<(isIn: boolean) => void>();

  /** Whether it may go in now. Who is in has to {@link Gate.leave}. */
  async enter(): Promise<boolean> {
    if (this.#insideCount < MAX_INSIDE) {
      this.#insideCount += 1;
      return true;
    }
    if (this.#waiting.size >= MAX_WAITING) return false;
    return await new Promise((resolve) => {
      const answer = (isIn: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(answer);
        resolve(isIn);
      };
      const timer = setTimeout(() => answer(false), MAX_WAIT_MS);
      this.#waiting.add(answer);
    });
  }

  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#insideCount -= 1;
    else next(true);
  }
}
