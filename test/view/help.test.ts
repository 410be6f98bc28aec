import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/command/registry.ts';
import { createTemporaryDir } from '../support/temporary.ts';
import { callMain } from './support/call-main.ts';

test.each(COMMANDS.map(({ name }) => name))(
  'stagelight help %s says all that %s --help says',
  async (name) => {
    const cwd = createTemporaryDir();
    const asked = await callMain(['help', name], { cwd });
    const own = await callMain([name, '--help'], { cwd });
    expect(asked).toEqual(own);
    expect(asked.stdout).toMatch(/^Usage: stagelight /);
    expect(asked.status).toBe(0);
  },
);
