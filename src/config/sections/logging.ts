import * as v from 'valibot';
import { loggingFrom } from './logging-from.ts';
import type { Section } from '../section.ts';
import { DATE_FORMAT, FORMAT, LEVEL, mapping, READING_FORMAT, line } from './values.ts';

/** `logging`: what `run.log` and `stagelight logs` show, and what the output is read by. */
export const logging = {
  schema: mapping({
    preset: v.exactOptional(line("a preset's name")),
    /** A file that a Hydra project has already: its `level` and `formatter` are taken. */
    from: v.exactOptional(line('the path of a YAML file, with #section for a part of it')),
    /** Records below it are left out. */
    level: LEVEL,
    format: FORMAT,
    date_format: v.exactOptional(DATE_FORMAT),
    /** Formats that the output is read by, beside `format` and the common ones. */
    formats: v.array(READING_FORMAT, 'expected a list of Python format strings'),
  }),
  includes: [loggingFrom],
} satisfies Section;
