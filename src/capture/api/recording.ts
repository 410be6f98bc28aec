import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Span } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import type { SpanId } from '../../model/ids.ts';
import type { SpanEndEntry, SpanKindName } from '../../model/inbox.ts';
import type { RunInfo } from '../../model/run-info.ts';
import { now, toNanoString } from '../../model/time.ts';
import type { UnixTime } from '../../model/time.ts';
import { ExecutionClaims } from '../../spool/claims.ts';
import { FILE } from '../../spool/layout.ts';
import { EntryBuffer } from './entry-buffer.ts';
import { tellOnce } from './safely.ts';

/** How a span of ours ended, beside what OpenTelemetry's own span says. */
export type SpanOutcome = Pick<
  SpanEndEntry,
  'result' | 'state' | 'status' | 'errorType' | 'errorMessage' | 'inferred'
>;

/** A span that has begun in this process. */
export interface RecordedSpan {
  readonly span: Span & ReadableSpan;
  /** `root`: the run's own, of which the merge makes the span. */
  readonly kind: SpanKindName | 'root';
  readonly nameAtStart: string;
  outcome: SpanOutcome;
}

export interface RecordingOptions {
  readonly runDir: string;
  readonly info: Pick<RunInfo, 'runId' | 'traceId' | 'rootSpanId'>;
  /** The span that this process lies in: what is in no span of its own belongs to it. */
  readonly base: SpanId;
  readonly onWaiting: (isWaiting: boolean) => void;
}

/** A run as this process writes it: into an inbox of its own. */
export class Recording {
  readonly runDir: string;
  readonly info: RecordingOptions['info'];
  readonly base: SpanId;
  /** This inbox's name; no other process or thread has the same. */
  readonly source = `${process.pid.toString(36)}-${randomBytes(4).toString('hex')}`;
  readonly openSpans = new Map<SpanId, RecordedSpan>();
  readonly #buffer: EntryBuffer;
  readonly #claims: ExecutionClaims;
  #claimCount = 0;

  constructor(options: RecordingOptions) {
    const { runDir, info, base, onWaiting } = options;
    this.runDir = runDir;
    this.info = info;
    this.base = base;
    this.#claims = new ExecutionClaims(join(runDir, FILE.claims));
    this.#buffer = new EntryBuffer({
      path: join(runDir, FILE.inbox, `${this.source}.jsonl`),
      tell: (message) => tellOnce(message, message),
      onWaiting,
      toLossEntry,
    });
  }

  /** The number of the next execution of what is at `address`, unique in the run. @throws the file system's error. */
  claim(address: string): number {
    this.#claimCount += 1;
    return this.#claims.claim(address, `${this.source}.${this.#claimCount}`);
  }

  /** Adds an entry: a line of JSON with its newline. */
  add(line: string): void {
    this.#buffer.add(line);
  }

  /** Adds a log record that is nothing but a text. @param head all else, as JSON without the closing brace */
  addText(head: string, time: UnixTime, body: string): void {
    this.#buffer.addText(head, time, body);
  }

  /** Everything that was added is with the operating system when this returns, unless the disk refuses it. */
  flush(): void {
    this.#buffer.flush();
  }

  /** Ends what is still open, the newest first, and flushes. */
  end(toOutcome: (span: RecordedSpan) => SpanOutcome): void {
    for (const recorded of [...this.openSpans.values()].toReversed()) {
      recorded.outcome = toOutcome(recorded);
      recorded.span.end();
    }
    this.#buffer.end();
  }
}

function toLossEntry(count: number): string {
  const message = `${count} entries were lost while the disk took nothing`;
  const time = toNanoString(now());
  return `${JSON.stringify({ type: 'fault', time, code: 'entries-lost', message, count })}\n`;
}
