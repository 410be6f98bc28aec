import { Output } from '../view/output.ts';
import { escapeAllButColors, escapeJson } from '../view/text/escape.ts';
import type { CommandIo } from './command.ts';

/** Prints a command's whole answer. */
export async function printText(text: string, io: CommandIo): Promise<void> {
  const output = new Output(io.stdout);
  output.add(escapeAllButColors(text));
  await output.close();
}

/** Prints a command's whole answer as one JSON document. */
export async function printJson(value: unknown, io: CommandIo): Promise<void> {
  await printText(`${escapeJson(JSON.stringify(value, undefined, 2))}\n`, io);
}
