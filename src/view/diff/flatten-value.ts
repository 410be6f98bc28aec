/** One leaf of a nested value, with its path. */
export interface Leaf {
  readonly name: string;
  readonly value: string | number | boolean;
}

const MAX_DEPTH = 8;

/** Nested parameters are kept as JSON: their leaves, so that only what differs is shown (`train.epochs`). */
export function flattenValue(name: string, value: unknown): Leaf[] {
  if (typeof value === 'string' && /^[{[]/.test(value)) {
    const parsed = tryParse(value);
    if (typeof parsed === 'object' && parsed !== null) return flatten(name, parsed, MAX_DEPTH);
  }
  return flatten(name, value, MAX_DEPTH);
}

function flatten(name: string, value: unknown, depth: number): Leaf[] {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return [{ name, value }];
  }
  const isTree = typeof value === 'object' && value !== null && !Array.isArray(value) && depth > 0;
  const entries = isTree ? Object.entries(value) : [];
  if (entries.length === 0) return [{ name, value: JSON.stringify(value) ?? '' }];
  return entries.flatMap(([key, item]) => flatten(`${name}.${key}`, item, depth - 1));
}

function tryParse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
