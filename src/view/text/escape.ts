// C0 but for tab and newline, DEL, C1, and what reorders text on a terminal: bidirectional embeddings and isolates.
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/;
const CONTROLS = new RegExp(CONTROL, 'g');
const BREAKS = /[\t\n]/g;

/**
 * Text that others wrote, made safe for a terminal: control characters come out as `\x1b` and the like. Newlines and
 * tabs stay.
 */
export function escapeControls(text: string): string {
  return CONTROL.test(text) ? text.replace(CONTROLS, toEscape) : text;
}

/** As {@link escapeControls}, for one line: newlines and tabs are written as `\n` and `\t` too. */
export function escapeLine(text: string): string {
  return escapeControls(text).replace(BREAKS, toEscape);
}

/** As {@link escapeControls}, for a text with colours of our own, which stay. */
export function escapeAllButColors(text: string): string {
  return text
    .split(COLOR)
    .map((part, index) => (index % 2 === 0 ? escapeControls(part) : part))
    .join('');
}

const COLOR = /(\x1b\[[\d;]*m)/;

/**
 * JSON text made safe for a terminal: `JSON.stringify` leaves DEL, C1 and bidirectional controls as they are. It stays
 * the same JSON.
 */
export function escapeJson(json: string): string {
  return json.replace(JSON_CONTROLS, (character) => toUnicodeEscape(character));
}

const JSON_CONTROLS = /[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

const NAMED: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function toEscape(character: string): string {
  const named = NAMED[character];
  if (named !== undefined) return named;
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : toUnicodeEscape(character);
}

function toUnicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
