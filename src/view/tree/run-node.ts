import type { Attributes } from '../../model/pipeline.ts';
import type { SpanId } from '../../model/ids.ts';
import type { UnixTime } from '../../model/time.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { Status } from '../run-status.ts';

/** What a span stands for. `span` is one that the pipeline's own code made. */
export type NodeKind = 'run' | 'flow' | 'stage' | 'command' | 'job' | 'study' | 'trial' | 'span';

/** A metric's last value in a span. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly step: number | undefined;
  /** The file that DVC declares it in, where it comes from one. */
  readonly file: string | undefined;
  /** How many values there were. */
  readonly count: number;
}

/** A span with what is inside it. */
export interface RunNode {
  readonly kind: NodeKind;
  readonly spanId: SpanId;
  readonly name: string;
  readonly start: UnixTime;
  /** `undefined` for one that hasn't ended, or whose end nobody saw. */
  readonly end: UnixTime | undefined;
  /** `undefined` where nothing says how it came out. */
  readonly status: Status | undefined;
  readonly attributes: Attributes;
  readonly error: NodeError | undefined;
  readonly links: StoredSpan['links'];
  readonly metrics: readonly Metric[];
  /** By their start; trials by their number. */
  readonly children: readonly RunNode[];
}

export interface NodeError {
  /** The class of the exception, the signal or the exit code. */
  readonly type: string | undefined;
  readonly message: string | undefined;
}

/** The node and everything inside it, parents first. */
export function* walk(node: RunNode): Generator<RunNode> {
  yield node;
  for (const child of node.children) yield* walk(child);
}
