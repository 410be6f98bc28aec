import { stagelight } from './cli.ts';

/** How a store's content compares with what a run declares, as `verify --json` prints it. */
export interface StoreJson {
  readonly kind: string;
  readonly signal: string;
  readonly declared: number;
  readonly received: number;
  readonly missing: number;
  readonly doubled: number;
  readonly missingIds?: readonly string[];
  readonly cause?: string;
  readonly fault?: string;
}

export interface VerifiedJson {
  readonly complete: boolean;
  readonly declared: {
    readonly logs: number;
    readonly traces: number;
    readonly metrics: number;
  };
  readonly stores: readonly StoreJson[];
  readonly repaired?: { readonly sentCount: number };
  readonly exitCode: number | undefined;
}

/** `stagelight verify --json` in a project. @throws when it prints nothing, with what it says of that */
export async function verify(project: string, args: readonly string[] = []): Promise<VerifiedJson> {
  const { stdout, exitCode, stderr } = await stagelight(project, ['verify', '--json', ...args]);
  if (stdout === '') throw new Error(stderr);
  return { ...(JSON.parse(stdout) as Omit<VerifiedJson, 'exitCode'>), exitCode };
}

/** What `verify` says of each store, a row each. */
export function toRows({ stores }: VerifiedJson): (readonly [string, string, number, number])[] {
  return stores.map(({ kind, signal, missing, doubled }) => [kind, signal, missing, doubled]);
}
