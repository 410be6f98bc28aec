import { LineSplitter, MAX_PART_BYTES } from '../console/line-splitter.ts';
import type { ChooseCut, PieceEnd } from '../console/line-splitter.ts';

/** A piece of a text as it comes by on a console. */
export interface ShownPiece {
  readonly raw: string;
  readonly end: PieceEnd;
}

/** What a text is split into when it is read from a console: the same as its bytes would be. */
export function splitShown(text: string, chooseCut: ChooseCut): ShownPiece[] {
  // One UTF-16 unit takes three bytes at most.
  if (text.includes('\r') || text.length * 3 > MAX_PART_BYTES) return splitBytes(text, chooseCut);
  const lines = text.split('\n');
  const rest = lines.pop()!;
  const pieces: ShownPiece[] = lines.map((raw) => ({ raw, end: 'newline' }));
  if (rest !== '') pieces.push({ raw: rest, end: 'end' });
  return pieces;
}

function splitBytes(text: string, chooseCut: ChooseCut): ShownPiece[] {
  const pieces: ShownPiece[] = [];
  const take = ({ raw, end }: ShownPiece): void => {
    pieces.push({ raw, end });
  };
  const splitter = new LineSplitter(chooseCut);
  splitter.push(Buffer.from(text), [0, 0], take);
  splitter.flush(take);
  return pieces;
}
