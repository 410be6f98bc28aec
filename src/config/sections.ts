import * as v from 'valibot';
import type { Section } from './section.ts';
import { dvc } from './sections/dvc.ts';
import { exportSection } from './sections/export.ts';
import { logging } from './sections/logging.ts';
import { mlflow } from './sections/mlflow.ts';
import { python } from './sections/python.ts';
import { run } from './sections/run.ts';
import { secrets } from './sections/secrets.ts';
import { verify } from './sections/verify.ts';
import { mapping, line } from './sections/values.ts';

/** The sections of the configuration. */
const SECTIONS = {
  logging,
  secrets,
  run,
  python,
  dvc,
  mlflow,
  export: exportSection,
  verify,
} satisfies Readonly<Record<string, Section>>;

type SectionSchemas = {
  readonly [Name in keyof typeof SECTIONS]: (typeof SECTIONS)[Name]['schema'];
};

/** The sections, by name. */
export const SECTION_LIST: readonly (readonly [name: string, section: Section])[] =
  Object.entries(SECTIONS);

/** The whole of the configuration, once all layers are merged. */
export const CONFIG_SCHEMA = mapping({
  /** The pipeline's name; derived from the repository when left out. */
  pipeline: v.exactOptional(line("the pipeline's name")),
  /** OpenTelemetry's `deployment.environment.name`. */
  environment: v.exactOptional(line("the environment's name, such as production")),
  ...(Object.fromEntries(
    SECTION_LIST.map(([name, { schema }]) => [name, schema]),
  ) as unknown as SectionSchemas),
});

/** The effective configuration. Its keys are those of `stagelight.yaml`. */
export type Config = DeepReadonly<v.InferOutput<typeof CONFIG_SCHEMA>>;

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;
