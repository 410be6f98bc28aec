import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ATTR } from '../../model/attributes.ts';
import type { RunInfo } from '../../model/run-info.ts';
import { isShownAsText } from '../../model/shown-text.ts';
import { compileTextFormat } from '../../model/text-format.ts';
import type { TextFormat } from '../../model/text-format.ts';
import { FILE } from '../../spool/layout.ts';
import type { StoredRecord } from '../../spool/signal-reader.ts';
import { toTextRecord } from '../../spool/text-record.ts';

const FOLDER = 'mlflow-logs';

/**
 * The part of `run.log` that each stage printed, as a file each: a run directory has no such files, and MLflow takes only
 * whole ones. They are made anew whenever the run is read from its beginning, and go when they are sent.
 */
export class StageLogs {
  readonly #folder: string;
  readonly #runId: string;
  readonly #minimumSeverity: number;
  readonly #format: TextFormat;
  /** Text that isn't in the files yet. */
  readonly #texts = new Map<string, string[]>();
  readonly #files = new Map<string, string>();

  constructor(runDir: string, info: RunInfo) {
    const { format, dateFormat, minimumSeverity } = info.logging;
    this.#folder = join(runDir, FILE.cursor, FOLDER);
    this.#runId = info.runId;
    this.#minimumSeverity = minimumSeverity;
    this.#format = compileTextFormat(format, { dateFormat, zone: info.timeZone });
  }

  /** The file of each stage, by the artifact's name. */
  get files(): ReadonlyMap<string, string> {
    return this.#files;
  }

  add(record: StoredRecord): void {
    const stage = record.attributes[ATTR.taskName];
    if (typeof stage !== 'string' || !isShownAsText(record, this.#minimumSeverity)) return;
    const text = `${this.#format(toTextRecord(record, this.#runId))}\n`;
    const texts = this.#texts.get(stage);
    if (texts === undefined) this.#texts.set(stage, [text]);
    else texts.push(text);
  }

  /** @throws the file system's error. */
  flush(): void {
    for (const [stage, texts] of this.#texts) {
      appendFileSync(this.#toFile(stage), texts.join(''), { mode: 0o600 });
    }
    this.#texts.clear();
  }

  delete(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #toFile(stage: string): string {
    const name = `${toFileName(stage)}.log`;
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    if (this.#files.size === 0) {
      this.delete();
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    }
    const path = join(this.#folder, name);
    this.#files.set(name, path);
    return path;
  }
}

const MAX_NAME_BYTES = 150;

/** A stage's name as that of a file: `sub/dvc.yaml:train` holds a slash. What had to be changed has a hash behind it. */
export function toFileName(stage: string): string {
  const safe = stage.replaceAll(/[^\p{L}\p{N}_.@+=, :-]/gu, '_').replace(/^\.+/, '_');
  const cut = Buffer.from(safe)
    .subarray(0, MAX_NAME_BYTES)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
  // A stage of the name `run` would be over the whole run's log.
  if (cut === stage && stage !== 'run') return stage;
  return `${cut}-${createHash('sha256').update(stage).digest('hex').slice(0, 8)}`;
}
