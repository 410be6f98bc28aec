import { ATTR } from '../model/attributes.ts';
import type { RunInfo } from '../model/run-info.ts';
import { parseNanoString, toDurationMs } from '../model/time.ts';
import { encodeAttributes } from '../otlp/json.ts';
import type { MetricDraft } from './metrics-file.ts';

/** Upper bounds of the histogram's buckets, in seconds: from a second to a day. */
const BOUNDS = [1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];
const CUMULATIVE = 2;

/**
 * How long a run took, as the semantic convention `cicd.pipeline.run.duration` has it: a histogram with one observation.
 * Cumulative, since every run is a resource of its own (`service.instance.id`), and Prometheus takes nothing else.
 */
export function toDurationMetric(info: RunInfo): MetricDraft {
  const { startedAt, endedAt = startedAt, pipeline, result, errorType } = info;
  const start = parseNanoString(startedAt) ?? [0, 0];
  const seconds = Math.max(0, toDurationMs(start, parseNanoString(endedAt) ?? start) / 1000);
  const bucket = BOUNDS.findIndex((bound) => seconds <= bound);
  const attributes = encodeAttributes({
    [ATTR.pipelineName]: pipeline,
    [ATTR.pipelineRunState]: 'executing',
    [ATTR.pipelineResult]: result,
    [ATTR.errorType]: errorType,
  });
  const point = {
    startTimeUnixNano: startedAt,
    timeUnixNano: endedAt,
    count: '1',
    sum: seconds,
    explicitBounds: BOUNDS,
    bucketCounts: [...BOUNDS, Infinity].map((_bound, index) =>
      index === (bucket < 0 ? BOUNDS.length : bucket) ? '1' : '0',
    ),
    attributes: JSON.parse(`[${attributes}]`) as unknown,
  };
  return {
    scope: 'stagelight',
    sender: {},
    metric: {
      name: 'cicd.pipeline.run.duration',
      description: 'Duration of a pipeline run.',
      unit: 's',
      histogram: { aggregationTemporality: CUMULATIVE, dataPoints: [point] },
    },
  };
}
