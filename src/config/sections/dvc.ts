import type { Section } from '../section.ts';
import { mapping, SWITCH } from './values.ts';

/** `dvc`: what is done about DVC. */
export const dvc = {
  schema: mapping({
    /** Have DVC run its stages' commands with a shell of ours around the user's. */
    shell: SWITCH,
  }),
} satisfies Section;
