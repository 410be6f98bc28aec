import { ATTR } from './attributes.ts';
import type { Attributes } from './pipeline.ts';

/** A run in MLflow. */
interface MlflowRunIds {
  readonly runId: string;
  readonly experimentId: string;
}

/**
 * A run's page in the web pages that MLflow's tracking server has: `http://host:5000/#/experiments/1/runs/4bf9…`.
 * `undefined` where runs are in a database or a folder, or an ID is none.
 * @param trackingUri without credentials
 */
export function toMlflowPage(
  trackingUri: string,
  { experimentId, runId }: MlflowRunIds,
): string | undefined {
  // Programs say what the IDs are: what is none of MLflow's makes no link.
  if (!/^https?:/i.test(trackingUri) || !/^\w+ \w+$/.test(`${experimentId} ${runId}`))
    return undefined;
  return `${trackingUri.replace(/\/+$/, '')}/#/experiments/${experimentId}/runs/${runId}`;
}

/** What a span says of a run in MLflow, as far as that is known. */
export function toMlflowAttributes(
  trackingUri: string,
  { runId, experimentId }: { readonly [Key in keyof MlflowRunIds]: string | undefined },
): Attributes {
  if (runId === undefined) return {};
  if (experimentId === undefined) return { [ATTR.mlflowRunId]: runId };
  const page = toMlflowPage(trackingUri, { runId, experimentId });
  return {
    [ATTR.mlflowRunId]: runId,
    [ATTR.mlflowExperimentId]: experimentId,
    ...(page !== undefined && { [ATTR.mlflowRunUrl]: page }),
  };
}
