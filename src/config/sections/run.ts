import * as v from 'valibot';
import type { Section } from '../section.ts';
import { mapping, SWITCH } from './values.ts';

/** `run`: what `stagelight run` has flags for. */
export const run = {
  schema: mapping({
    /** Have Python print at once. */
    live: SWITCH,
    /** No line at the end. */
    quiet: SWITCH,
    /** Give the command a terminal where there is one. */
    tty: SWITCH,
    /** Seconds that the end waits while a destination takes something. */
    flush_timeout: v.pipe(
      v.number('expected a number of seconds'),
      v.check((seconds) => seconds >= 0 && seconds <= 3600, 'expected seconds from 0 to 3600'),
    ),
  }),
} satisfies Section;
