import { join } from 'node:path';
import { execaSync } from 'execa';
import { describe, expect, test } from 'vitest';
import { ATTR } from '../../src/model/attributes.ts';
import { SecretMasker } from '../../src/model/secrets.ts';
import type { StoredSpan } from '../../src/spool/signal-reader.ts';
import { askStores } from '../../src/view/run-ids/ask-stores.ts';
import { findStudies } from '../../src/view/run-ids/studies.ts';
import { HOOK_FOLDER } from '../python/programs.ts';
import { testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const URL = 'postgresql://ada:hunter22-of-ada@127.0.0.1:1/studies';
const SCRIPT = join(HOOK_FOLDER, 'find_run_id.py');

function ask(storage: string, env: NodeJS.ProcessEnv) {
  const attributes = { [ATTR.studyName]: 'a', [ATTR.studyStorage]: storage };
  const info = { cwd: '/nowhere' } as never;
  return findStudies({ info, env }, [{ name: 'study', attributes } as unknown as StoredSpan])[0]!;
}

describe('where a study is kept', () => {
  const masked = new SecretMasker().mask(URL).text;

  test('a URL whose password is masked in the run is found in the environment, whatever its name is', () => {
    expect(masked).not.toContain('hunter22');
    expect(ask(masked, { ANY: URL }).store).toMatchObject({ kind: 'url', place: URL });
  });

  test('without it the answer says what to do', () => {
    expect(ask(masked, {}).found.detail).toContain('have the whole URL in an environment variable');
  });

  test('a kind of storage that nobody can look into is named', () => {
    expect(ask('GrpcStorageProxy', {}).found.detail).toBe(
      "GrpcStorageProxy can't be looked into from here",
    );
  });
});

testWith('python', 'optuna')(
  'a study is looked up by its URL with the SQLAlchemy that Optuna uses',
  async () => {
    const cwd = createTemporaryDir();
    const url = `sqlite:///${join(cwd, 'study.db')}`;
    const program = `
import optuna
optuna.create_study(storage='${url}', study_name='other').set_user_attr('stagelight.run_id', 'old')
optuna.create_study(storage='${url}', study_name='mine').set_user_attr('stagelight.run_id', 'new')`;
    execaSync('python', ['-c', program]);

    const stores = [
      { tool: 'optuna', kind: 'url', place: url, name: 'mine' },
      { tool: 'optuna', kind: 'url', place: url, name: 'other' },
      { tool: 'optuna', kind: 'url', place: URL, name: 'mine' },
    ] as const;
    const answers = await askStores({ runId: 'new', stores, script: SCRIPT, env: process.env });

    expect(answers.slice(0, 2)).toEqual([
      { known: 1, carrying: 1 },
      { known: 1, carrying: 0 },
    ]);
    expect(answers[2]!.problem).toMatch(/psycopg|can't be read/);
    expect(answers[2]!.problem).not.toContain('hunter22');
  },
);
