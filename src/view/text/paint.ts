import { styleText } from 'node:util';

/** The colours and weights in use; a name is one that `styleText` knows. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** A stream that is written to. */
export interface PaintStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What a stream can show: colours, characters beyond ASCII, and how many columns. */
export interface Paint {
  readonly isColored: boolean;
  readonly isUnicode: boolean;
  /** The terminal's width; `undefined` when the output is piped, and so isn't cut. */
  readonly width: number | undefined;
  /** Colours `text` where the stream shows colours. */
  paint(text: string, style: Style | readonly Style[] | undefined): string;
}

/** Columns of a terminal that doesn't say how many it has. */
export const DEFAULT_WIDTH = 80;

/** Finds out what a stream can show, by itself and by `NO_COLOR`, `FORCE_COLOR`, `TERM` and the locale. */
export function createPaint(stream: PaintStream, env: NodeJS.ProcessEnv): Paint {
  const isColored = hasColors(stream, env);
  return {
    isColored,
    isUnicode: isUtf8(env),
    width: stream.isTTY === true ? (stream.columns ?? DEFAULT_WIDTH) : undefined,
    paint(text, style) {
      if (!isColored || style === undefined || text === '') return text;
      // Whether to colour is decided above, from the environment that was handed in.
      return styleText(style as Style, text, { validateStream: false });
    },
  };
}

/** As Node decides it (`FORCE_COLOR` before `NO_COLOR`, see https://nodejs.org/api/cli.html#force_color1-2-3). */
function hasColors(stream: PaintStream, env: NodeJS.ProcessEnv): boolean {
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return ['', '1', '2', '3', 'true'].includes(forced);
  if (env['NO_COLOR'] || env['NODE_DISABLE_COLORS'] || env['TERM'] === 'dumb') return false;
  return stream.isTTY === true;
}

/** Containers and CI jobs name no locale at all, and their logs are UTF-8: only one that says otherwise is believed. */
function isUtf8(env: NodeJS.ProcessEnv): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return locale === '' || /utf-?8/i.test(locale);
}
