import { spawn } from 'node:child_process';

/** What is asked of one store: a SQLite database, a journal file of Optuna's, or another database by its URL. */
export interface Store {
  readonly tool: 'mlflow' | 'optuna' | 'prefect';
  readonly kind: 'sqlite' | 'journal' | 'url';
  /** The file, or the URL as SQLAlchemy takes it. */
  readonly place: string;
  /** The study's name, the flow run's ID; empty for MLflow. */
  readonly name: string;
}

export interface StoreAnswer {
  /** How many of the things asked for are there. */
  readonly known?: number;
  /** How many of them carry the ID. */
  readonly carrying?: number;
  readonly problem?: string;
}

export interface StoreRequest {
  readonly runId: string;
  readonly stores: readonly Store[];
  readonly script: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

const MAX_MS = 30_000;

/**
 * Has Python read the stores: Node 20 can't read SQLite, and drivers of other databases are where the tool is that uses
 * them. An answer for each store, in their order.
 */
export async function askStores(request: StoreRequest): Promise<readonly StoreAnswer[]> {
  const { stores } = request;
  const files = stores.filter(({ kind }) => kind !== 'url');
  // A server may not answer at all: each is asked by itself.
  const groups = [files, ...stores.filter(({ kind }) => kind === 'url').map((store) => [store])];
  const answers = await Promise.all(groups.map((group) => askGroup(group, request)));
  const known = new Map(
    groups.flatMap((group, index) =>
      group.map((store, place) => [store, answers[index]?.[place] ?? NO_ANSWER] as const),
    ),
  );
  return stores.map((store) => known.get(store) ?? NO_ANSWER);
}

const NO_ANSWER: StoreAnswer = { problem: 'python3 gave no answer' };

async function askGroup(
  stores: readonly Store[],
  { runId, script, env }: StoreRequest,
): Promise<readonly StoreAnswer[]> {
  if (stores.length === 0 || script === undefined) return [];
  const asked = JSON.stringify({ runId, stores });
  for (const python of ['python3', 'python']) {
    const output = await run([python, '-I', script], { env, input: asked });
    const answers = output === undefined ? undefined : parseAnswers(output);
    if (answers !== undefined) return answers;
  }
  return [];
}

function parseAnswers(text: string): StoreAnswer[] | undefined {
  try {
    const answers: unknown = JSON.parse(text);
    return Array.isArray(answers) ? (answers as StoreAnswer[]) : undefined;
  } catch {
    return undefined;
  }
}

/** What a program prints; `undefined` where it can't be started or fails. */
function run(
  [program, ...args]: readonly [string, ...string[]],
  { env, input }: { env: NodeJS.ProcessEnv; input: string },
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: MAX_MS,
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stdin.on('error', () => {}); // it has ended before it read
    child.once('error', () => resolve(undefined));
    child.once('close', (code) => resolve(code === 0 ? output : undefined));
    child.stdin.end(input);
  });
}
