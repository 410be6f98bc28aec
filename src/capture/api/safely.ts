/** What can't be recorded is told once of a kind, so that a loop can't flood the terminal. */
const told = new Set<string>();

/** Says on stderr what went wrong, once for each `kind`. Never throws. */
export function tellOnce(kind: string, message: string): void {
  if (told.has(kind)) return;
  told.add(kind);
  try {
    process.stderr.write(`stagelight: ${message}\n`);
  } catch {
    // stderr is gone: nobody listens.
  }
}

/** Runs `step`; a fault of ours is told once and never reaches the caller, who gets `undefined`. */
export function safely<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    tellFault(error);
    return undefined;
  }
}

/** Tells of a fault of ours, once. */
export function tellFault(error: unknown): void {
  tellOnce('fault', `can't record: ${toMessage(error)}; the program goes on`);
}

/** A name or a number as it was given: JavaScript programs pass anything. Never throws. */
export function toText(given: unknown): string {
  try {
    return String(given);
  } catch {
    return '[unreadable]';
  }
}

function toMessage(error: unknown): string {
  return error instanceof Error ? toText(error.message) : toText(error);
}
