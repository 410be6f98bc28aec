import type { Section } from '../section.ts';
import { mapping, SECONDS, SWITCH } from './values.ts';

/** `run`: what `stagelight run` has flags for. */
export const run = {
  schema: mapping({
    /** Have Python print at once. */
    live: SWITCH,
    /** No line at the end. */
    quiet: SWITCH,
    /** Give the command a terminal where there is one. */
    tty: SWITCH,
    /** Take in what the command's own OpenTelemetry sends. */
    otlp_receiver: SWITCH,
    /** Seconds that the end waits while a destination takes something. */
    flush_timeout: SECONDS,
  }),
} satisfies Section;
