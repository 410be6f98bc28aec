import { Command as Program, CommanderError } from 'commander';
import type { CommandIo, ExitStatus } from './command/command.ts';
import { UsageError } from './command/command.ts';
import { EXIT } from './command/exit-code.ts';
import { COMMANDS } from './command/registry.ts';
import type { RegisteredCommand } from './command/registry.ts';
import { VERSION } from './model/version.ts';

/**
 * The command line, as a function: gives how the process shall end.
 * @param argv the arguments behind the program's name
 */
export async function main(argv: readonly string[], io: CommandIo): Promise<ExitStatus> {
  let status: ExitStatus = EXIT.ok;
  try {
    const program = createProgram(io);
    const isHelp = argv[0] === 'help';
    const called = COMMANDS.find(({ name }) => name === argv[isHelp ? 1 : 0]);
    for (const command of called === undefined ? COMMANDS : [called]) {
      await addCommand({
        program,
        command,
        io,
        isCalled: command === called,
        onEnd: (end) => (status = end),
      });
    }
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    return tell(error, io);
  }
}

function createProgram(io: CommandIo): Program {
  return new Program('stagelight')
    .description('One command turns a pipeline run into one OpenTelemetry trace.')
    .version(VERSION)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 80,
    })
    .addHelpText('after', '\nStart with:  stagelight run -- dvc repro');
}

async function addCommand(options: {
  program: Program;
  command: RegisteredCommand;
  io: CommandIo;
  isCalled: boolean;
  onEnd: (status: ExitStatus) => void;
}): Promise<void> {
  const { program, command, io, isCalled, onEnd } = options;
  const child = program
    .command(command.name, { hidden: command.isHidden ?? false })
    .description(command.summary);
  if (!isCalled) return;
  const loaded = await command.load();
  loaded.configure(child);
  child.action(async () => {
    onEnd(await loaded.run({ args: child.args, options: child.opts(), io }));
  });
}

/** Says what went wrong, in a line where it is the caller's to mend. */
function tell(error: unknown, io: CommandIo): ExitStatus {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof UsageError) {
    io.stderr.write(`stagelight: ${error.message}\n`);
    if (error.hint !== undefined) io.stderr.write(`  ${error.hint}\n`);
    return EXIT.usage;
  }
  if (isWriteFault(error)) {
    io.stderr.write(`stagelight: the output can't be written: ${error.message}\n`);
    return EXIT.fault;
  }
  io.stderr.write(
    `stagelight: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return EXIT.fault;
}

/** Whether stdout couldn't be written: a full disk, say. */
function isWriteFault(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && (error as NodeJS.ErrnoException).syscall === 'write';
}
