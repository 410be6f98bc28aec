import { rmSync } from 'node:fs';
import { BufferedFile } from '../../spool/buffered-file.ts';

/** One way in which a record was seen beside the one by which it came. */
export type Sighting =
  | {
      /** A console's stream, and the byte in it where the text begins. */
      readonly stream: string;
      readonly console: string;
      readonly offset: number;
      /** How many lines the text has, where it came as it was to be written. */
      readonly lines: number;
    }
  /** A file that a handler of its process wrote it to. */
  | { readonly path: string }
  /** A logger that repeated what the program had printed. */
  | { readonly logger: string };

const BUFFER_BYTES = 64 * 1024;

/**
 * Writes `seen.jsonl`, the index of where records were seen: a line for each time, `{"uid":…,"stream":…}`. It is written
 * anew when a run is merged anew.
 */
export class SeenFile {
  readonly #path: string;
  #file: BufferedFile | undefined;
  #waiting = '';

  constructor(path: string) {
    this.#path = path;
    rmSync(path, { force: true });
  }

  add(uid: string | undefined, sighting: Sighting): void {
    const line = `${JSON.stringify({ uid, ...sighting })}\n`;
    if (this.#file === undefined) this.#waiting += line;
    else this.#file.add(line);
  }

  /** @throws the file system's error; what was added is kept for the next try. */
  flush(): void {
    if (this.#waiting !== '') {
      this.#file ??= new BufferedFile(this.#path, BUFFER_BYTES);
      this.#file.add(this.#waiting);
      this.#waiting = '';
    }
    this.#file?.flush();
  }

  close(): void {
    this.#file?.close();
  }
}
