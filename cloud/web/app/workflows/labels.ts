/** The words in a drawing: how wide they are, about, and how a condition is told in a few lines. Pure. */

const letterWidth = 0.6;
export const nameSize = 15;
export const smallSize = 12.5;

/** Pixels, rather too many than too few: letters are not measured. */
export function widthOf(text: string, size: number): number {
  return text.length * size * letterWidth;
}

export function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

const lineLength = 30;
const maxLines = 3;

/** A condition in at most three lines; where it is long, of each path the last member only. */
export function linesOf(label: string): string[] {
  if (label === '') return [];
  const text = label.length <= lineLength ? label : label.replace(/\$(?:\.[\w[\]]+)*\.(\w+)/g, '…$1');
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    const isWhole = line === undefined || / (and|or)$/.test(line) || `${line} ${word}`.length > lineLength;
    if (!isWhole) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(word);
  }
  const kept = lines.slice(0, maxLines).map((line) => shortened(line, lineLength));
  return lines.length > maxLines ? kept.with(-1, `${kept.at(-1)} …`) : kept;
}
