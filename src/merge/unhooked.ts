import { basename } from 'node:path';
import { EVENT } from '../model/attributes.ts';
import type { RunInfo } from '../model/run-info.ts';
import type { UnixTime } from '../model/time.ts';
import type { Scope } from './emitter.ts';
import type { Recorder } from './recorder.ts';

/** A command that runs Python. */
const PYTHON = /(?:^|[\s;&|(/])python(?:[23](?:\.\d+)?)?(?:\s|$)/;
/** The same where a program's name stands, and programs that are Python. */
const PROGRAM =
  /(?:^|[;&|(]|-c\s|\brun\s)\s*(?:\w+=\S*\s+)*(?:\S*\/)?(?:python(?:[23](?:\.\d+)?)?|dvc|prefect)(?:\s|$)/;
/** What starts the program that the words behind it name. */
const LAUNCHERS = /^(?:(?:ba|da|z)?sh|env|nice|time|uv|poetry|pdm|pipenv)$/;

/** Whether a stage's command runs Python, as far as its text says. */
export function runsPython(command: string): boolean {
  return PYTHON.test(command);
}

/** Whether the command of a run is a Python program, or starts one. */
function isPythonRun(command: readonly string[]): boolean {
  const [program = '', ...words] = command;
  return PROGRAM.test(LAUNCHERS.test(basename(program)) ? words.join(' ') : program);
}

export interface UnhookedRun {
  readonly info: RunInfo;
  readonly scope: Scope;
  readonly recorder: Recorder;
}

/** Says that the Python of a run's command was seen from outside only. */
export function noteUnhooked({ info, scope, recorder }: UnhookedRun, time: UnixTime): void {
  if (info.hasPythonHook !== true || !isPythonRun(info.command)) return;
  sayUnhooked({ recorder, scope, time, what: "the run's command" });
}

/** Says that Python was seen from outside only. */
export function sayUnhooked(said: {
  recorder: Recorder;
  scope: Scope;
  time: UnixTime;
  what: string;
}): void {
  const { recorder, scope, time, what } = said;
  recorder.event({
    scope,
    name: EVENT.unhooked,
    time,
    body: `the hook wasn't in the Python of ${what}: its output was read from the console (docs/python.md)`,
    uid: `${scope.spanId}-unhooked`,
  });
}
