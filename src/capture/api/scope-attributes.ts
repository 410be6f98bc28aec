import { createContextKey } from '@opentelemetry/api';
import type { Context } from '@opentelemetry/api';
import { ATTR } from '../../model/attributes.ts';
import type { Attributes } from '../../model/pipeline.ts';
import type { RecordedSpan, SpanOutcome } from './recording.ts';

const SCOPE = createContextKey('stagelight scope');
const NONE: Attributes = {};

/** A context inside a stage or trial, whose name and number are on each record in it. */
export function withScope(
  active: Context,
  { kind, name, attributes }: { kind: RecordedSpan['kind']; name: string; attributes: Attributes },
): Context {
  if (kind === 'stage')
    return active.setValue(SCOPE, { ...getScope(active), [ATTR.taskName]: name });
  if (kind !== 'trial') return active;
  const { [ATTR.trialNumber]: number = 0 } = attributes;
  return active.setValue(SCOPE, { ...getScope(active), [ATTR.trialNumber]: number });
}

/** What stage and trial say of the records in a context. */
export function getScope(active: Context | undefined): Attributes {
  return (active?.getValue(SCOPE) as Attributes | undefined) ?? NONE;
}

/** How a span ended, as its attributes say it: what the merge does for spans that are recorded. */
export function toEndAttributes(
  kind: RecordedSpan['kind'],
  { result, state, errorType }: SpanOutcome,
): Attributes {
  const resultName = kind === 'stage' ? ATTR.taskResult : ATTR.pipelineResult;
  return {
    ...(result !== undefined && { [resultName]: result }),
    ...(state !== undefined && { [ATTR.trialState]: state }),
    ...(errorType !== undefined && { [ATTR.errorType]: errorType }),
  };
}
