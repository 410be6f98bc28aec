import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ATTR } from '../../model/attributes.ts';
import type { RunInfo } from '../../model/run-info.ts';
import { MASK, SecretMasker } from '../../model/secrets.ts';
import type { StoredSpan } from '../../spool/signal-reader.ts';
import type { Store } from './ask-stores.ts';
import { SQLITE } from './asked.ts';
import type { Asked } from './asked.ts';

interface Project {
  readonly info: RunInfo;
  readonly env: NodeJS.ProcessEnv;
}

/** Optuna's studies: each has the ID among its user attributes. */
export function findStudies(project: Project, spans: readonly StoredSpan[]): Asked[] {
  const studies = spans.filter(({ name }) => name === 'study');
  return studies.map(({ attributes }) => {
    const name = String(attributes[ATTR.studyName]);
    const storage = attributes[ATTR.studyStorage];
    const found = { tool: 'optuna' as const, where: `study ${name}`, carries: 'unknown' as const };
    const place =
      typeof storage === 'string' ? findPlace(storage, project) : 'its storage is not known';
    if (typeof place === 'string') return { found: { ...found, detail: place } };
    return { found: { ...found, detail: '' }, store: { tool: 'optuna', name, ...place } };
  });
}

/** Where a study is kept; else why it can't be looked at. */
function findPlace(
  storage: string,
  { info, env }: Project,
): Pick<Store, 'kind' | 'place'> | string {
  if (storage === 'InMemoryStorage') return 'in memory: it was gone with its process';
  const file = SQLITE.exec(storage)?.[1];
  if (file !== undefined) return { kind: 'sqlite', place: resolve(info.cwd, file) };
  const isUrl = storage.includes('://');
  if (!isUrl) {
    const place = resolve(info.cwd, storage);
    return existsSync(place)
      ? { kind: 'journal', place }
      : `${storage} can't be looked into from here`;
  }
  if (!storage.includes(MASK)) return { kind: 'url', place: storage };
  const masker = new SecretMasker();
  const place = Object.values(env).find(
    (value) => value !== undefined && masker.mask(value).text === storage,
  );
  return place === undefined
    ? `the password of ${storage} isn't kept: have the whole URL in an environment variable, of any name`
    : { kind: 'url', place };
}
