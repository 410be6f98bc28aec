import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something is so; fails when it isn't within `timeoutMs`. */
export async function waitFor(
  isSo: () => boolean | Promise<boolean>,
  timeoutMs = 45_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not so within ${timeoutMs} ms: ${isSo.toString()}`);
    await sleep(20);
  }
}
