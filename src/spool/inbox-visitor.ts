import type { InboxEntry } from '../model/inbox.ts';
import type { Frame } from './console-inbox.ts';

/** Where an entry stands: the same for the same entry whenever its inbox is read. */
export interface EntryPlace {
  /** The inbox's file name without extension. */
  readonly source: string;
  /** The entry's first byte in the file. */
  readonly offset: number;
}

export interface InboxVisitor {
  /** An entry of a record inbox. */
  entry(entry: InboxEntry, place: EntryPlace): void;
  /** A frame of a console inbox. */
  frame(frame: Frame, place: EntryPlace): void;
  /** Whether enough entries have been read for now: the consoles should be read up to where these are. */
  readonly isFull: boolean;
  /** The consoles have nothing up to where the entries were read, and `isFull` still is: what it waits for doesn't come. */
  makeRoom(): void;
  /** A line that is no entry: torn by a killed writer, or not ours. */
  unreadable(place: EntryPlace): void;
}
