import { readYaml, asRecord } from './project.ts';

const MAX_METRICS = 500;
const MAX_DEPTH = 8;

/**
 * The numbers of a DVC metrics file (JSON or YAML), by their path: `{"val": {"acc": 0.9}}` is `val.acc`. Empty when the
 * file isn't there or has none.
 */
export function readMetrics(file: string): Record<string, number> {
  // JSON is YAML too, but for NaN and infinities, which Python's json writes.
  const metrics: Record<string, number> = {};
  collect(readYaml(file), { path: '', depth: 0, metrics });
  return metrics;
}

function collect(
  value: unknown,
  place: { path: string; depth: number; metrics: Record<string, number> },
): void {
  const { path, depth, metrics } = place;
  const number = toNumber(value);
  if (number !== undefined && path !== '') {
    if (Object.keys(metrics).length < MAX_METRICS) metrics[path] = number;
    return;
  }
  if (depth >= MAX_DEPTH) return;
  for (const [name, item] of Object.entries(asRecord(value))) {
    collect(item, { path: path === '' ? name : `${path}.${name}`, depth: depth + 1, metrics });
  }
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (value === 'NaN') return NaN;
  return value === 'Infinity' ? Infinity : value === '-Infinity' ? -Infinity : undefined;
}
