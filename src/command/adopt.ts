import { toLoggingSettings } from '../config/to-logging-settings.ts';
import { adoptProcess } from '../recording/adopt-process.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { EXIT } from './exit-code.ts';
import { printJson } from './print.ts';
import { readConfig } from './read-config.ts';

/**
 * `stagelight adopt <pid> -- <command> [args]`: what the hook calls in a process that outlives the run that it was started
 * in, as a worker of `dvc queue` starts them: it becomes a run of its own. Prints the variables that tie it to that.
 */
export const adopt: Command = {
  configure(program) {
    program
      .argument('<pid>', 'the process')
      .argument('<command...>', 'its command and arguments')
      .passThroughOptions();
  },
  async run({ args, io }) {
    const [pid = '', ...more] = args;
    const command = more[0] === '--' ? more.slice(1) : more;
    const { config } = await readConfig(io, { overrides: [], flags: [] });
    const variables = adoptProcess({
      pid: Number(pid),
      command,
      cwd: io.cwd,
      env: io.env,
      environment: config.environment,
      logging: toLoggingSettings(config),
      tiesMlflow: config.mlflow.enabled,
    });
    if (variables === undefined) throw new UsageError(`there is no process ${pid} in a run`);
    await printJson(variables, io);
    return EXIT.ok;
  },
};
