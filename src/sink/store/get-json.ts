const TIMEOUT_MS = 30_000;
const MAX_WORDS = 200;

/** A base address, split into what may be shown and what may not. */
export interface StoreUrl {
  /** Without credentials, without a slash at its end. */
  readonly shown: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Credentials in an address become a header: `fetch` takes no address that has any. */
export function parseStoreUrl(address: string): StoreUrl {
  const url = new URL(address);
  const { username, password } = url;
  [url.username, url.password, url.search] = ['', '', ''];
  const shown = url.href.replace(/\/$/, '');
  if (username === '' && password === '') return { shown, headers: {} };
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  return { shown, headers: { authorization } };
}

/**
 * Asks a store. `undefined` when it doesn't know the thing (404).
 * @throws when it doesn't answer, or with a fault
 */
export async function getJson(
  { shown, headers }: StoreUrl,
  path: string,
  more: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(`${shown}${path}`, {
      headers: { accept: 'application/json', ...headers, ...more },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Error(cause instanceof Error ? cause.message || message : message, { cause: error });
  }
  if (response.status === 404) return undefined;
  if (!response.ok) {
    const words = (await response.text()).replace(/\s+/g, ' ').slice(0, MAX_WORDS);
    throw new Error(`${response.status} ${words}`);
  }
  return response.json();
}
