/** An argument such as `logging.level=debug`. `+` and `++`, which Hydra wants before keys that are new, say nothing here. */
const ASSIGNMENT = /^\+{0,2}([A-Za-z_][\w.-]*)=([^]*)$/;
/** An argument such as `~logging.from`. */
const REMOVAL = /^~([A-Za-z_][\w.-]*)(=[^]*)?$/;

export interface Override {
  /** As it was given. */
  readonly argument: string;
  readonly path: readonly string[];
  /** `undefined` when the key is to be removed. */
  readonly text: string | undefined;
}

/** Parses an argument; `undefined` for one that isn't an override. The value behind `~key=` is ignored, as in Hydra it has to be the one that is set. */
export function parseOverride(argument: string): Override | undefined {
  const assignment = ASSIGNMENT.exec(argument);
  if (assignment !== null) {
    return { argument, path: assignment[1]!.split('.'), text: assignment[2]! };
  }
  const removal = REMOVAL.exec(argument);
  return removal === null ? undefined : { argument, path: removal[1]!.split('.'), text: undefined };
}

/** The overrides that a command's arguments begin with, and what comes behind them, without the `--` between. */
export function splitOverrides(args: readonly string[]): {
  readonly overrides: readonly string[];
  readonly rest: readonly string[];
} {
  const found = args.findIndex((argument) => parseOverride(argument) === undefined);
  const count = found < 0 ? args.length : found;
  const isSeparated = count > 0 && args[count] === '--';
  return { overrides: args.slice(0, count), rest: args.slice(isSeparated ? count + 1 : count) };
}
