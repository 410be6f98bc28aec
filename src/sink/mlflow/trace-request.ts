import type { RunInfo } from '../../model/run-info.ts';
import { encodeProtobuf } from '../../otlp/protobuf/encode.ts';
import { TRACES_REQUEST } from '../../otlp/protobuf/schema.ts';
import { parseSpan } from '../../spool/signal-reader.ts';
import type { Course } from './course.ts';
import { toTraceStory } from './trace-span.ts';

type Json = Record<string, unknown>;

/** A line of `traces.jsonl` for MLflow. */
export interface TraceLine {
  /** Its spans but the root, with their resource and scopes; `undefined` where there is no other. */
  readonly spans: Json | undefined;
  readonly spanCount: number;
  /** The root span alone. */
  readonly root: Json | undefined;
}

/**
 * Makes of a line what MLflow's trace view tells the story by: types, inputs and outputs, names that differ. The root is
 * taken out: MLflow takes a trace's state from the first root span that it sees, so it is sent once and last. What is
 * above it in another trace is cut off: a trace without a root stays in progress for ever.
 * @throws SyntaxError for a line that isn't JSON
 */
export function toTraceLine(
  line: Buffer,
  { info, course }: { info: RunInfo; course: Course },
): TraceLine {
  const envelope = JSON.parse(line.toString('utf8')) as Json;
  let root: Json | undefined;
  let spanCount = 0;
  for (const resource of toList(envelope['resourceSpans'])) {
    for (const scope of toList(resource['scopeSpans'])) {
      const kept: Json[] = [];
      for (const span of toList(scope['spans'])) {
        const isRoot = span['spanId'] === info.rootSpanId;
        tellStory(span, { isRoot, course, info });
        if (!isRoot) kept.push(span);
        else root = wrap(span, { envelope, resource, scope });
      }
      scope['spans'] = kept;
      spanCount += kept.length;
    }
  }
  return { spans: spanCount > 0 ? envelope : undefined, spanCount, root };
}

/** Several lines as one request. */
export function toTraceBody(lines: readonly Json[]): Buffer {
  const resourceSpans = lines.flatMap((line) => toList(line['resourceSpans']));
  return encodeProtobuf({ resourceSpans }, TRACES_REQUEST);
}

function tellStory(
  json: Json,
  { isRoot, course, info }: { isRoot: boolean; course: Course; info: RunInfo },
): void {
  const span = parseSpan(json);
  const { name, type, inputs, outputs } = toTraceStory(span, { isRoot, course });
  json['name'] = name;
  const attributes: [string, string][] = [
    ['mlflow.spanType', type],
    ...(isEmpty(inputs) ? [] : [['mlflow.spanInputs', JSON.stringify(inputs)] as [string, string]]),
    ...(isEmpty(outputs)
      ? []
      : [['mlflow.spanOutputs', JSON.stringify(outputs)] as [string, string]]),
    ...(isRoot ? [['mlflow.traceTag.mlflow.traceName', info.pipeline] as [string, string]] : []),
  ];
  json['attributes'] = [
    ...toList(json['attributes']),
    ...attributes.map(([key, text]) => ({ key, value: { stringValue: text } })),
  ];
  if (isRoot) delete json['parentSpanId'];
}

function wrap(span: Json, around: { envelope: Json; resource: Json; scope: Json }): Json {
  const { resource, scope } = around;
  return {
    resourceSpans: [{ ...resource, scopeSpans: [{ ...scope, spans: [span] }] }],
  };
}

function isEmpty(values: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(values).length === 0;
}

function toList(value: unknown): Json[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item): item is Json => typeof item === 'object' && item !== null);
}
