/**
 * Masking of secrets: by known shapes and by the names of keys, never by entropy, so that hashes and run IDs survive.
 */

/** What stands where a secret stood. */
export const MASK = '***';

/** A masked text and how many secrets it had. */
export interface Masked {
  readonly text: string;
  readonly count: number;
}

/** A rule of the user's own: every match is masked, or its first group where it has one. */
export interface SecretRule {
  readonly name: string;
  readonly pattern: RegExp;
}

// The first group is what stays; all else of the match is masked.
const SHAPES: readonly RegExp[] = [
  /()\b(?:AKIA|ASIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA)[A-Z2-7]{16}\b/g, // AWS access keys
  /()\bgh[pousr]_[A-Za-z0-9]{36,255}\b/g, // GitHub
  /()\bgithub_pat_\w{22,255}\b/g,
  /()\bglpat-[\w-]{20,64}/g, // GitLab
  /()\bxox[abposr]-[A-Za-z0-9-]{10,255}/g, // Slack
  /(https:\/\/hooks\.slack\.com\/services\/)[A-Za-z0-9/]{20,100}/g,
  /()\beyJ[\w-]{8,4096}\.eyJ[\w-]{8,8192}\.[\w-]{8,4096}/g, // JWT
  /()\bAIza[\w-]{35}\b/g, // Google
  /()\bhf_[A-Za-z0-9]{30,64}\b/g, // Hugging Face
  /()\bsk-[A-Za-z0-9_-]{20,255}/g, // OpenAI, Anthropic
  /()\b[sr]k_live_[A-Za-z0-9]{16,128}\b/g, // Stripe
  /()\bnpm_[A-Za-z0-9]{36}\b/g,
  /()\bpypi-[\w-]{50,512}/g,
  /(\b[Bb]earer )[\w.~+/-]{16,4096}=*/g,
  /(\b[Bb]asic )[A-Za-z0-9+/]{16,1024}={0,2}/g,
  /(\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s/@:"']{0,256}:)[^\s/@"']{1,512}(?=@)/gi, // credentials in URLs
  /()-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:[\s\S]{0,16384}?-----END (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----)?/g,
];

const KEY_WORDS = String.raw`passw(?:or)?d|passphrase|pwd|secret|api_?key|access_?key|private_?key|account_?key|client_?secret|auth_?token|access_?token|refresh_?token|credentials?`;

/** Names of keys whose values are secrets, wherever a name is all that there is to go by: options, variables, configuration. */
const SECRET_KEY = new RegExp(`(?:^|[^a-z])(?:(?:${KEY_WORDS})(?:$|[^a-z])|token$)`, 'i');

// In prose a bare `token` is mostly a word or a count, so there it has to be an assignment without spaces.
const ASSIGNMENT = new RegExp(
  String.raw`((?:^|[^a-z0-9])(?:[a-z0-9]{1,30}[_.-]){0,4}(?:(?:${KEY_WORDS})(?:[_.-]?\d{1,4})?["']?\s{0,3}(?::=|[=:])\s{0,3}|token=)["']?)([^\s"',;&|)}\]]{3,4096})`,
  'gi',
);

/** The beginnings of the shapes. It may match what is no secret; it must match every secret that {@link SHAPES} does. */
const SHAPE_HINT =
  /gh[pousr]_|github_pat_|hf_|npm_|k_live_|glpat-|xox[a-z]-|sk-|pypi-|-----BEGIN|eyJ|AIza|earer |asic |:\/\/\S*:|hooks\.slack|A[KSGIRN][IRPDON]A[A-Z2-7]{16}/;

/** The last two letters of the key words and of `token`, in both cases, as an index. */
const KEY_ENDS = new Uint8Array(256 * 256);
for (const end of ['rd', 'wd', 'se', 'et', 'ey', 'en', 'al', 'ls']) {
  for (const [a, b] of [end, end.toUpperCase()])
    KEY_ENDS[a!.charCodeAt(0) * 256 + b!.charCodeAt(0)] = 1;
}

/** Whether an `=` or `:` stands behind what could be the end of a key word. */
function hasAssignmentHint(text: string): boolean {
  return hasKeyEndBefore(text, '=') || hasKeyEndBefore(text, ':');
}

function hasKeyEndBefore(text: string, sign: string): boolean {
  for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) {
    let last = at - 1;
    while (last > 0 && BETWEEN[text.charCodeAt(last)] === 1) last -= 1;
    if (
      last > 0 &&
      KEY_ENDS[(text.charCodeAt(last - 1) & 255) * 256 + (text.charCodeAt(last) & 255)] === 1
    )
      return true;
  }
  return false;
}

/** Spaces, quotes and the numbers and suffixes that a key may end with (`secret_2`), as an index. */
const BETWEEN = new Uint8Array(256);
for (const character of ' "\'_.-0123456789') BETWEEN[character.charCodeAt(0)] = 1;

/** Masks texts, by the built-in shapes and the user's own rules. */
export class SecretMasker {
  readonly #rules: readonly SecretRule[];

  constructor(rules: readonly SecretRule[] = []) {
    this.#rules = rules;
  }

  /** Whether `text` may hold a secret. Cheap, so that lines without one cost next to nothing. */
  mayHoldSecret(text: string): boolean {
    return (
      SHAPE_HINT.test(text) ||
      hasAssignmentHint(text) ||
      this.#rules.some(({ pattern }) => text.search(pattern) >= 0)
    );
  }

  /** Masks every secret that it knows in a text of any kind. */
  mask(text: string): Masked {
    if (!this.mayHoldSecret(text)) return { text, count: 0 };
    let count = 0;
    const replace = (_match: string, kept: string): string => {
      count += 1;
      return `${kept}${MASK}`;
    };
    let masked = SHAPES.reduce((result, shape) => result.replace(shape, replace), text);
    masked = masked.replace(ASSIGNMENT, (match: string, kept: string, value: string) => {
      if (isHarmless(value)) return match;
      count += 1;
      return `${kept}${MASK}`;
    });
    for (const { pattern } of this.#rules) {
      masked = masked.replace(pattern, (match: string, ...groups: unknown[]) => {
        count += 1;
        const group = groups[0];
        return typeof group === 'string' ? match.replace(group, MASK) : MASK;
      });
    }
    return { text: masked, count };
  }

  /** Where the secret begins that lies across `place`, if one does. */
  findCrossing(text: string, place: number): number | undefined {
    if (!this.mayHoldSecret(text)) return undefined;
    for (const pattern of [...SHAPES, ASSIGNMENT, ...this.#rules.map((rule) => rule.pattern)]) {
      for (const match of text.matchAll(pattern)) {
        if (match.index < place && match.index + match[0].length > place) return match.index;
      }
    }
    return undefined;
  }

  /** Masks a command's arguments: also the value behind an option such as `--password`. */
  maskArguments(args: readonly string[]): string[] {
    return args.map((argument, index) => {
      const before = args[index - 1];
      if (before !== undefined && /^--?[\w-]+$/.test(before) && isSecretKey(before)) return MASK;
      const equals = argument.indexOf('=');
      if (equals > 0 && isSecretValue(argument.slice(0, equals), argument.slice(equals + 1))) {
        return `${argument.slice(0, equals + 1)}${MASK}`;
      }
      return this.mask(argument).text;
    });
  }

  /** Masks the values of secret keys in a tree of objects, at any depth, and every other string by its shape. */
  maskTree(value: unknown, key = ''): unknown {
    if (Array.isArray(value)) return value.map((item) => this.maskTree(item, key));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([name, item]) => [name, this.maskTree(item, name)]),
      );
    }
    if (value !== null && value !== undefined && isSecretValue(key, String(value))) return MASK;
    return typeof value === 'string' ? this.mask(value).text : value;
  }
}

const knownKeys = new Map<string, boolean>();
const MAX_KNOWN_KEYS = 2000;

/** Whether a key's name says that its value is a secret. Keys are few and come again and again: the answers are kept. */
export function isSecretKey(key: string): boolean {
  let isSecret = knownKeys.get(key);
  if (isSecret === undefined) {
    isSecret = SECRET_KEY.test(key.replace(/([a-z])([A-Z])/g, '$1_$2'));
    if (knownKeys.size < MAX_KNOWN_KEYS) knownKeys.set(key, isSecret);
  }
  return isSecret;
}

/** Whether `value` is a secret because of its key. */
export function isSecretValue(key: string, value: string): boolean {
  // A `token` that is a number counts something.
  return isSecretKey(key) && !isHarmless(value) && !(/token$/i.test(key) && /^[\d.]+$/.test(value));
}

/** What stands where a secret would and is none: an interpolation, a mask, nothing. */
function isHarmless(value: string): boolean {
  return (
    value === '' ||
    value.startsWith('${') ||
    value.startsWith(MASK) ||
    /^(?:none|null|true|false)$/i.test(value)
  );
}

const KEY_BEGIN = /-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY/;
const KEY_END = /-----END (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY/;
/** No private key is longer; a BEGIN without END masks no more than this. */
const MAX_KEY_LINES = 200;

/** Follows a stream's lines through a private key, whose inner lines have no shape of their own. */
export class PrivateKeyFollower {
  #linesLeft = 0;

  /** Whether this line is inside a key (or ends one), and so masked whole. */
  isInside(line: string): boolean {
    if (this.#linesLeft > 0) {
      this.#linesLeft = KEY_END.test(line) ? 0 : this.#linesLeft - 1;
      return true;
    }
    if (line.includes('-----BEGIN ') && KEY_BEGIN.test(line) && !KEY_END.test(line))
      this.#linesLeft = MAX_KEY_LINES;
    return false;
  }
}
