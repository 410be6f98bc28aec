import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { ATTR } from '../../src/model/attributes.ts';
import { createEnv, readRun, stagelight } from '../support/cli.ts';
import { runIn } from '../support/mlops-project.ts';
import { findProgram, testWith } from '../support/peers.ts';
import { createTemporaryDir } from '../support/temporary.ts';

/** What only this shell understands, with the options that DVC gives to it. */
const SHELLS: Readonly<Record<string, string>> = {
  dash: 'echo "$0 $SHELL $-"; echo two >&2; exit 7',
  bash: 'declare -u up=$SHELL; echo "$0 $SHELL $- $BASH_VERSION $up"; shopt login_shell >&2; exit 7',
  zsh: 'echo "$0 $SHELL $options[rcs] $ZSH_VERSION $SHELL:u"; print -u2 two; exit 7',
  fish: 'echo "$SHELL $FISH_VERSION" (string upper $SHELL); echo two >&2; exit 7',
};

for (const [shell, command] of Object.entries(SHELLS)) {
  // zsh and fish are nobody's duty to have.
  const testIt = findProgram(shell) === undefined ? testWith().skip : testWith('dvc');
  testIt(`${shell} runs a stage as it would without us`, { timeout: 120_000 }, async () => {
    const project = createTemporaryDir();
    await runIn(project, ['git', 'init', '-q']);
    await runIn(project, ['dvc', 'init', '-q']);
    writeFileSync(join(project, 'dvc.yaml'), `stages: {s: {cmd: ${JSON.stringify(command)}}}\n`);
    // Rc files are for nobody who runs a stage.
    for (const rc of ['.zshrc', '.bashrc', '.profile'])
      writeFileSync(join(project, rc), 'echo "an rc file"\n');
    const env = createEnv({ SHELL: findProgram(shell), ZDOTDIR: project });

    const options = { cwd: project, reject: false, extendEnv: false, env } as const;
    const without = await execa('dvc', ['repro'], options);
    const watched = await stagelight(project, ['run', '-q', '--', 'dvc', 'repro'], { env });

    expect(without.stdout).toContain(findProgram(shell));
    expect(watched.stdout).toBe(without.stdout);
    expect(watched.stderr).toBe(without.stderr);
    expect(watched.exitCode).toBe(without.exitCode);
    const { spans, runDir } = readRun(project);
    const stage = spans.find(({ name }) => name === 's');
    const shown = spans.find(({ parentSpanId }) => parentSpanId === stage?.spanId);
    expect(shown?.attributes).toMatchObject({
      [ATTR.commandLine]: command,
      [ATTR.exitCode]: 7,
    });
    expect(readFileSync(join(runDir, 'run.log'), 'utf8')).toContain(findProgram(shell));
  });
}
