import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readRun, stagelight } from '../support/cli.ts';
import { runIn } from '../support/mlops-project.ts';
import { testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';

const STAGES = `stages:
  plain: {cmd: "python log.py plain > plain.txt", outs: [plain.txt]}
  isolated: {cmd: "python -I log.py isolated > isolated.txt", outs: [isolated.txt]}
  own_path: {cmd: "PYTHONPATH=. python log.py own > own.txt", outs: [own.txt]}
  shell: {cmd: "echo 1 > shell.txt", outs: [shell.txt]}
`;
const LOG = `import logging, sys
logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
logging.warning("from %s", sys.argv[1])
`;

testWith('dvc', 'python', 'git')(
  'where the hook can’t get in the console is read, and the run says so',
  { timeout: 120_000 },
  async () => {
    const project = join(createTemporaryDir(), 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'dvc.yaml'), STAGES);
    writeFileSync(join(project, 'log.py'), LOG);
    await runIn(project, ['git', 'init', '-q']);
    await runIn(project, ['dvc', 'init', '-q']);
    const result = await stagelight(project, ['run', '--', 'dvc', 'repro']);
    expect(result.exitCode, result.stderr).toBe(0);

    const run = readRun(project);
    const said = run.records.filter(({ eventName }) => eventName === 'mlops.python.unhooked');
    expect(
      said.map(({ attributes }) => String(attributes['cicd.pipeline.task.name'])).toSorted(),
    ).toEqual(['isolated', 'own_path']);
    for (const word of ['plain', 'isolated', 'own']) {
      const lines = run.lines.filter(({ body }) => body === `from ${word}`);
      expect(lines.map(({ severityText }) => severityText)).toEqual(['WARNING']);
    }
  },
);

testWith('python')(
  'a run whose command’s Python the hook couldn’t get into says so; others don’t',
  { timeout: 120_000 },
  async () => {
    const folder = createTemporaryDir();
    writeFileSync(join(folder, 'log.py'), LOG);
    const say = async (...command: string[]): Promise<string[]> => {
      await stagelight(folder, ['run', '-q', 'mlflow.enabled=false', '--', ...command]);
      return readRun(folder)
        .records.filter(({ eventName }) => eventName === 'mlops.python.unhooked')
        .map(({ body }) => body);
    };
    const said = [expect.stringContaining("wasn't in the Python of the run's command")];

    expect(await say('python', '-I', 'log.py', 'isolated')).toEqual(said);
    expect(await say('sh', '-c', 'PYTHONPATH=. python log.py own')).toEqual(said);
    expect(await say('python', 'log.py', 'plain')).toEqual([]);
    expect(await say('sh', '-c', 'echo python')).toEqual([]);
    expect(await say('no-such-python')).toEqual([]);
  },
);
