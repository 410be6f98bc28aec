import { ATTR } from '../model/attributes.ts';
import { fromLevelName } from '../model/severity.ts';
import type { Block, Grammar } from './grammar.ts';

/**
 * The table that rich's `RichHandler` makes of log records: the time, where it has changed, the level, the message in a
 * column of its own, and the place in the code at the right. Checked on rich 15.
 */
export const richLog: Grammar = {
  name: 'rich',
  starts: '[ ',
  read(line) {
    const match = LINE.exec(line);
    if (match === null) return undefined;
    const { stamp, level, body, path, row } = match.groups as Record<string, string | undefined>;
    return {
      body: body!.trimEnd(),
      ...(stamp !== undefined && { stamp }),
      severityText: level!,
      severity: fromLevelName(level!),
      attributes: { [ATTR.codeFilePath]: path!, [ATTR.codeLine]: Number(row) },
      block: () => new ColumnBlock(body!.trimEnd()),
    };
  },
};

const LINE =
  /^(?:\[(?<stamp>\d\d:\d\d:\d\d)\]| {10}) (?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) {1,5}(?<body>.{0,2000}) (?<path>[\w.-]{1,100}):(?<row>\d{1,9}) {0,3}$/;
const INDENT = ' '.repeat(20);

/** The further lines of the message's column. */
class ColumnBlock implements Block {
  readonly isWhole = true;
  #body: string;

  constructor(body: string) {
    this.#body = body;
  }

  offer(line: string): 'take' | 'refuse' {
    if (!line.startsWith(INDENT)) return 'refuse';
    this.#body += `\n${line.slice(INDENT.length).trimEnd()}`;
    return 'take';
  }

  finish(): { body: string } {
    return { body: this.#body };
  }
}
