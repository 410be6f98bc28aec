/** A part of the run's time, as fractions of it. */
export interface TimeSlot {
  readonly from: number;
  readonly to: number;
}

/** Draws when something was, to half a column: at least half a column is drawn. No blanks at the end. */
export function drawBar(slot: TimeSlot, width: number, isUnicode: boolean): string {
  const halves = width * 2;
  const from = clamp(Math.floor(slot.from * halves), halves - 1);
  const to = Math.max(from + 1, clamp(Math.round(slot.to * halves), halves));
  let bar = '';
  for (let left = 0; left < to; left += 2) {
    const isLeft = left >= from;
    const isRight = left + 1 >= from && left + 1 < to;
    bar += isUnicode ? toBlock(isLeft, isRight) : isLeft || isRight ? '=' : ' ';
  }
  return bar;
}

/** Marks the time of what took none. */
export function drawPoint({ from }: TimeSlot, width: number, isUnicode: boolean): string {
  return ' '.repeat(clamp(Math.floor(from * width), width - 1)) + (isUnicode ? '·' : '.');
}

function toBlock(isLeft: boolean, isRight: boolean): string {
  if (isLeft) return isRight ? '█' : '▌';
  return isRight ? '▐' : ' ';
}

function clamp(value: number, most: number): number {
  return Number.isFinite(value) ? Math.min(most, Math.max(0, value)) : 0;
}
