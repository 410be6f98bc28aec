import * as v from 'valibot';
import type { Section } from '../section.ts';
import { line, mapping, SWITCH } from './values.ts';

const NAMES = 'expected a list of names of programs, such as [pip, jupyter]';

/** `python`: the hook in the run's Python processes. */
export const python = {
  schema: mapping({
    hook: SWITCH,
    /** Names of scripts, and of modules that are run by `-m`, that the hook stays out of. */
    except: v.array(line('the name of a program, such as pip'), NAMES),
  }),
} satisfies Section;
