import type { SpanId } from '../../model/ids.ts';
import { toMlflowPage } from '../../model/mlflow-page.ts';
import { readMlflowCursor, readTiedRuns } from './cursor.ts';

/** A run in MLflow. */
export interface MlflowLink {
  readonly runId: string;
  readonly experimentId: string;
  /** Its page, where there is a server; the store otherwise. */
  readonly url: string;
}

/** The run in MLflow that stands for a run, once it is there. */
export function readRunLink(runDir: string): MlflowLink | undefined {
  const cursor = readMlflowCursor(runDir);
  if (cursor?.parent === undefined || cursor.isDiscarded === true) return undefined;
  return toLink(cursor.place, cursor.parent);
}

/** The runs of trials and stages in MLflow, by their spans. */
export function readTiedLinks(runDir: string): ReadonlyMap<SpanId, MlflowLink> {
  const place = readMlflowCursor(runDir)?.place;
  if (place === undefined) return new Map();
  return new Map(
    [...readTiedRuns(runDir)].map(([spanId, run]) => [spanId, toLink(place, run)] as const),
  );
}

export function toLink(
  place: string,
  { runId, experimentId }: { readonly runId: string; readonly experimentId: string },
): MlflowLink {
  return { runId, experimentId, url: toMlflowPage(place, { runId, experimentId }) ?? place };
}

/** A run in MLflow for somebody who reads it: its page, or where it is kept and under which ID. */
export function describeLink({ url, runId }: MlflowLink): string {
  return /^https?:/i.test(url) ? url : `run ${runId} in ${url}`;
}
