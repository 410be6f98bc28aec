import type * as v from 'valibot';

/** The schemas of a mapping's keys; `undefined` for a schema of anything else. */
export function toEntries(
  schema: v.GenericSchema,
): Readonly<Record<string, v.GenericSchema>> | undefined {
  const inner = unwrap(schema);
  return 'entries' in inner
    ? (inner.entries as Readonly<Record<string, v.GenericSchema>>)
    : undefined;
}

/** The schema of a list's items; `undefined` for a schema of anything else. */
export function toItem(schema: v.GenericSchema): v.GenericSchema | undefined {
  const inner = unwrap(schema);
  return 'item' in inner ? (inner.item as v.GenericSchema) : undefined;
}

/** The schema of the values of a mapping whose keys anyone may choose; `undefined` for a schema of anything else. */
export function toNamedValue(schema: v.GenericSchema): v.GenericSchema | undefined {
  const inner = unwrap(schema);
  return inner.type === 'record' && 'value' in inner ? (inner.value as v.GenericSchema) : undefined;
}

/** Whether a schema takes texts only. */
export function isText(schema: v.GenericSchema): boolean {
  return unwrap(schema).type === 'string';
}

/** The schema within an optional one, and a mapping's own within its pipe. */
function unwrap(schema: v.GenericSchema): v.GenericSchema {
  if ('wrapped' in schema) return unwrap(schema.wrapped as v.GenericSchema);
  const steps = 'pipe' in schema ? (schema.pipe as readonly v.GenericSchema[]) : [];
  return steps.find((step) => 'entries' in step || step.type === 'record') ?? schema;
}

/** A key that a value can be set for, other than a mapping as a whole. */
export interface SettingSchema {
  readonly path: readonly string[];
  readonly schema: v.GenericSchema;
}

/** Every setting that a schema has, in its order. */
export function* walkSchema(
  schema: v.GenericSchema,
  path: readonly string[] = [],
): Generator<SettingSchema> {
  const entries = toEntries(schema);
  if (entries === undefined) yield { path, schema };
  else for (const [key, inner] of Object.entries(entries)) yield* walkSchema(inner, [...path, key]);
}

/** The schema at a path, and the first key of the path that there is none for. */
export function findSchema(
  schema: v.GenericSchema,
  path: readonly string[],
):
  | { readonly status: 'found'; readonly schema: v.GenericSchema }
  | { readonly status: 'unknown'; readonly key: string; readonly known: readonly string[] } {
  let found = schema;
  for (const key of path) {
    const named = toNamedValue(found);
    if (named !== undefined) {
      found = named;
      continue;
    }
    const entries = toEntries(found) ?? {};
    if (!Object.hasOwn(entries, key)) {
      return { status: 'unknown', key, known: Object.keys(entries) };
    }
    found = entries[key]!;
  }
  return { status: 'found', schema: found };
}
