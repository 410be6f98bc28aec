/**
 * Parts of something that takes many requests: each is done once. When one fails, the parts before it aren't done again
 * with the next try, so that a server that answers only some requests is got past too.
 */
export class Once {
  readonly #results = new Map<string, unknown>();

  /** What a part gave; done now when it wasn't yet. */
  async do<Result>(part: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#results.has(part)) return this.#results.get(part) as Result;
    const result = await work();
    this.#results.set(part, result);
    return result;
  }

  /** It has to be asked again. */
  forget(part: string): void {
    this.#results.delete(part);
  }

  clear(): void {
    this.#results.clear();
  }
}
