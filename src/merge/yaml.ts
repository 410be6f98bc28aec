import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';

const require = createRequire(import.meta.url);

/** The YAML library, loaded when the first file is read: most short commands read none, and it takes as long as the merge. */
export function loadYaml(): typeof Yaml {
  return require('yaml') as typeof Yaml;
}
