import { MASK, SecretMasker } from '../../model/secrets.ts';
import type { SignalSettings } from './settings.ts';
import type { Verdict } from './verdict.ts';

const SHORTEST_SECRET = 6;

/** Takes our credentials out of a backend's words: some echo what they were sent. */
export class WordMask {
  readonly #secrets: readonly string[];
  readonly #masker = new SecretMasker();

  constructor({ headers, url }: Pick<SignalSettings, 'headers' | 'url'>) {
    const { username, password, search } = new URL(url);
    const values = Object.values(headers).flatMap((value) => [value, ...value.split(/[\s,;]+/)]);
    this.#secrets = [...values, password, username, search.slice(1)]
      .filter((text) => text.length >= SHORTEST_SECRET)
      .toSorted((a, b) => b.length - a.length);
  }

  text(text: string): string {
    const masked = this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
    return this.#masker.mask(masked).text;
  }

  apply(verdict: Verdict): Verdict {
    return verdict.type === 'accepted'
      ? { ...verdict, message: this.text(verdict.message) }
      : { ...verdict, reason: this.text(verdict.reason) };
  }
}
