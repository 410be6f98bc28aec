import * as v from 'valibot';
import { isSecretKey } from '../../model/secrets.ts';
import type { Mistake } from '../config-error.ts';
import type { Section } from '../section.ts';
import { walkSettings } from '../tree/node.ts';
import type { ConfigNode } from '../tree/node.ts';
import { line, mapping, named } from './values.ts';

/** What destinations are called: the name is a file's name too (`cursor/<name>.json`). */
const NAME = v.pipe(
  v.string(),
  v.regex(
    /^[a-z0-9][a-z0-9_-]{0,39}$/,
    'expected a name of lower-case letters, digits, - and _, at most 40 of them',
  ),
);

const URL_MESSAGE = 'expected an address such as http://localhost:4318';

/** Headers that are for nothing else. */
const SECRET_HEADER = /^(?:authorization|proxy-authorization|cookie)$|key$|token$/i;

/** An address of HTTP. */
export const ADDRESS = v.pipe(
  v.string(URL_MESSAGE),
  v.check((text) => /^https?:$/.test(tryParse(text)?.protocol ?? ''), URL_MESSAGE),
);

function tryParse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

const HEADER_NAME = v.pipe(
  v.string(),
  v.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "expected an HTTP header's name"),
);

const SIGNALS = ['traces', 'logs', 'metrics'] as const;
const SIGNALS_MESSAGE = `expected a list of ${SIGNALS.join(', ')}`;

const PROTOCOL_MESSAGE =
  'expected http/json or http/protobuf; grpc is not spoken: give the address of the HTTP port, 4318 as a rule, instead of 4317';

/** One OTLP backend. */
const DESTINATION = mapping({
  /** Where `v1/traces`, `v1/logs` and `v1/metrics` are. */
  endpoint: v.exactOptional(ADDRESS),
  /** The whole address of one signal, where it isn't below `endpoint`. */
  traces_endpoint: v.exactOptional(ADDRESS),
  logs_endpoint: v.exactOptional(ADDRESS),
  metrics_endpoint: v.exactOptional(ADDRESS),
  /** What is sent; all that there is an address for when left out. */
  signals: v.exactOptional(v.array(v.picklist(SIGNALS, SIGNALS_MESSAGE), SIGNALS_MESSAGE)),
  headers: v.exactOptional(named(HEADER_NAME, line("a header's value"))),
  protocol: v.exactOptional(v.picklist(['http/json', 'http/protobuf'], PROTOCOL_MESSAGE)),
  compression: v.exactOptional(v.picklist(['gzip', 'none'], 'expected gzip or none')),
  /** Milliseconds that one request may take. */
  timeout: v.exactOptional(
    v.pipe(
      v.number('expected a number of milliseconds'),
      v.check((ms) => ms >= 1 && ms <= 600_000, 'expected milliseconds from 1 to 600000'),
    ),
  ),
  /** Paths of PEM files: whom to trust, and who we are. */
  certificate: v.exactOptional(line('the path of a PEM file')),
  client_certificate: v.exactOptional(line('the path of a PEM file')),
  client_key: v.exactOptional(line('the path of a PEM file')),
});

/** Secrets that stand in a file, where they are committed and shared sooner or later, instead of in a variable. */
function findWrittenSecrets(written: ConfigNode): Mistake[] {
  return [...walkSettings(written)].flatMap(({ path, node }): Mistake[] => {
    if (node.kind !== 'scalar' || node.origin.kind !== 'text') return [];
    const value = String(node.value);
    if (value.includes('${') || !isSecret(path, value)) return [];
    const text = 'expected the secret to come from a variable, not to stand in the file';
    const hint = 'write ${oc.env:NAME}, and set the variable NAME';
    const key = ['export', ...path].join('.');
    return [{ code: 'value', origin: node.origin, key, text, hint, isSecret: true }];
  });
}

function isSecret(path: readonly string[], value: string): boolean {
  if (path[1] === 'headers') return SECRET_HEADER.test(path[2] ?? '') || isSecretKey(path[2] ?? '');
  return URL.canParse(value) && new URL(value).password !== '';
}

/** `export`: where runs are sent, by name. */
export const exportSection = {
  schema: named(NAME, DESTINATION),
  check: findWrittenSecrets,
} satisfies Section;
