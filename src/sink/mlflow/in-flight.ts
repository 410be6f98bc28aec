/**
 * Does a thing for each of the items, at most so many at a time. Of things that fail the first failure is thrown when
 * all that were begun have ended; none is begun after it.
 */
export async function forEachInFlight<Item>(
  items: readonly Item[],
  maxInFlight: number,
  run: (item: Item) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  const work = async (): Promise<void> => {
    while (next < items.length && failure === undefined) {
      const item = items[next]!;
      next += 1;
      try {
        await run(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(maxInFlight, items.length) }, work));
  if (failure !== undefined) throw failure.error;
}
