import { spawn } from 'node:child_process';

/** What is asked of one SQLite database. */
export interface SqliteStore {
  readonly tool: 'mlflow' | 'optuna' | 'prefect';
  readonly path: string;
  /** The study's name, the flow run's ID; empty for MLflow. */
  readonly name: string;
}

export interface SqliteAnswer {
  /** How many of the things asked for are there. */
  readonly known?: number;
  /** How many of them carry the ID. */
  readonly carrying?: number;
  readonly problem?: string;
}

export interface SqliteRequest {
  readonly runId: string;
  readonly stores: readonly SqliteStore[];
  readonly script: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

const MAX_MS = 30_000;

/** Has Python read the databases: Node 20 can't. An answer for each store, in their order; none where there is no Python. */
export async function askSqlite(request: SqliteRequest): Promise<readonly SqliteAnswer[]> {
  const { runId, stores, script, env } = request;
  if (stores.length === 0 || script === undefined) return [];
  const asked = JSON.stringify({ runId, stores });
  for (const python of ['python3', 'python']) {
    const output = await run([python, '-I', script], { env, input: asked });
    const answers = output === undefined ? undefined : parseAnswers(output);
    if (answers !== undefined) return answers;
  }
  return [];
}

function parseAnswers(text: string): SqliteAnswer[] | undefined {
  try {
    const answers: unknown = JSON.parse(text);
    return Array.isArray(answers) ? (answers as SqliteAnswer[]) : undefined;
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
