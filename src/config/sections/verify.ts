import * as v from 'valibot';
import type { Section } from '../section.ts';
import { ADDRESS } from './export.ts';
import { line, mapping } from './values.ts';

/** `verify`: where `stagelight verify` asks what has arrived. */
export const verify = {
  schema: mapping({
    /** The folder of a Collector's files, or of their folders by run. */
    files: v.exactOptional(line('the path of a folder')),
    jaeger: v.exactOptional(ADDRESS),
    loki: v.exactOptional(ADDRESS),
    tempo: v.exactOptional(ADDRESS),
  }),
} satisfies Section;
