import { toSuggestionHint } from '../suggest.ts';
import { TIME_CODES, findUnknownCode, formatTime } from './strftime.ts';

/** What interpolations may ask for. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** The time of `${now:…}`, the same for all of them. */
  readonly now: Date;
}

export type Resolved =
  | { readonly status: 'ok'; readonly value: string | null }
  | { readonly status: 'failed'; readonly reason: string; readonly hint?: string | undefined };

/** `${name:argument}`: gives the value of an interpolation. */
type Resolver = (argument: string, surroundings: Surroundings) => Resolved;

/** By name. `oc.env` is OmegaConf's, `now` Hydra's. */
const RESOLVERS: Readonly<Record<string, Resolver>> = {
  'oc.env': (argument, { env }) => {
    const comma = argument.indexOf(',');
    const name = (comma < 0 ? argument : argument.slice(0, comma)).trim();
    const value = env[name];
    if (value !== undefined) return { status: 'ok', value };
    if (comma >= 0) return { status: 'ok', value: toDefault(argument.slice(comma + 1).trim()) };
    return {
      status: 'failed',
      reason: `the environment variable ${name} isn't set`,
      hint: `with a default it may be unset: \${oc.env:${name},default}`,
    };
  },
  now: (argument, { now }) => {
    const unknown = findUnknownCode(argument, TIME_CODES);
    if (unknown === undefined) return { status: 'ok', value: formatTime(argument, now) };
    return {
      status: 'failed',
      reason: `unknown ${unknown} in a time's format; expected one of ${TIME_CODES.map((code) => `%${code}`).join(' ')}`,
    };
  },
};

/** Gives what `${name:argument}` stands for. */
export function callResolver(
  { name, argument }: { readonly name: string; readonly argument: string },
  surroundings: Surroundings,
): Resolved {
  if (Object.hasOwn(RESOLVERS, name)) return RESOLVERS[name]!(argument, surroundings);
  const names = Object.keys(RESOLVERS);
  return {
    status: 'failed',
    reason: `unknown resolver ${name}; expected ${names.join(' or ')}`,
    hint: toSuggestionHint(name, names),
  };
}

/** OmegaConf keeps `null` and takes all else as text. */
function toDefault(text: string): string | null {
  if (text === 'null') return null;
  return /^'[^]*'$|^"[^]*"$/.test(text) ? text.slice(1, -1) : text;
}
