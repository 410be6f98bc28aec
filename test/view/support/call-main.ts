import { Writable } from 'node:stream';
import { main } from '../../../src/cli.ts';

export interface CallOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The width of the terminal that stdout is; piped when left out. */
  readonly columns?: number;
}

export interface CallResult {
  readonly status: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** Calls the command line as a function. */
export async function callMain(args: readonly string[], options: CallOptions): Promise<CallResult> {
  const { cwd, env = {}, columns } = options;
  const stdout = createSink(columns);
  const stderr = createSink(undefined);
  const status = await main(args, { stdout: stdout.stream, stderr: stderr.stream, env, cwd });
  return { status, stdout: stdout.text(), stderr: stderr.text() };
}

function createSink(columns: number | undefined): {
  stream: Writable & { isTTY?: boolean; columns?: number };
  text: () => string;
} {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer | string, _encoding, done) {
      chunks.push(Buffer.from(chunk as string));
      done();
    },
  });
  if (columns !== undefined) Object.assign(stream, { isTTY: true, columns });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

/** Text without our colours. */
export function withoutColors(text: string): string {
  return text.replace(/\x1b\[[\d;]*m/g, '');
}
