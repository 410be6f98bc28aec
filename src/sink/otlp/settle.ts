import { setTimeout as sleep } from 'node:timers/promises';

export interface SettleOptions<T> {
  /** A value that nobody needs to wait any longer after. */
  readonly isEnough: (value: T) => boolean;
  /** How long to wait at most; as long as it takes, when `undefined`. */
  readonly mostMs: number | undefined;
}

/**
 * The values of promises, `undefined` for those that aren't settled yet, as soon as one of them is enough, all are settled
 * or the time is over.
 * @throws what one of them rejects with meanwhile
 */
export async function settle<T>(
  promises: readonly Promise<T>[],
  { isEnough, mostMs }: SettleOptions<T>,
): Promise<readonly (T | undefined)[]> {
  const values: (T | undefined)[] = promises.map(() => undefined);
  const over = new AbortController();
  const each = promises.map(async (promise, index) => {
    values[index] = await promise;
    if (!isEnough(values[index])) return;
    // What is about to settle anyway does.
    await new Promise((resolve) => setImmediate(resolve));
    over.abort();
  });
  const enough = new Promise((resolve) => over.signal.addEventListener('abort', resolve));
  const time = mostMs === undefined ? [] : [sleep(mostMs, undefined, { signal: over.signal })];
  try {
    await Promise.race([Promise.all(each), enough, ...time.map((wait) => wait.catch(() => {}))]);
    return [...values];
  } finally {
    over.abort();
  }
}
