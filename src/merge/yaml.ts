import { createRequire } from 'node:module';

type Yaml = typeof import('yaml');

const require = createRequire(import.meta.url);

/** The YAML library, loaded when the first file is read: most short commands read none, and it takes as long as the merge. */
export function loadYaml(): Yaml {
  return require('yaml') as Yaml;
}
