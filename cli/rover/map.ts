/** A course, what the buggy knows of it, and where it is, as lines of characters. */
import type { DriveProgress } from '../../device/rover/drive.js';
import type { Point } from '../../device/rover/pose.js';

export interface MapView {
  readonly progress: DriveProgress;
  readonly goal: Point;
  /** Where it has been, in the drive's frame. */
  readonly trail: readonly Point[];
  /** What must be in view, metres in the drive's frame. */
  readonly low: Point;
  readonly high: Point;
  readonly columns: number;
}

export const mapLegend = '# seen obstacle   . seen floor   * been there   o plan   R rover   G goal';

/** The x axis points right, the y axis up; a character is twice as high as wide. */
export function drawMap({ progress, goal, trail, low, high, columns }: MapView): string[] {
  const cellM = (high.x - low.x) / columns;
  const rows = Math.ceil((high.y - low.y) / (2 * cellM));
  const cells = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => {
      const from = { x: low.x + column * cellM, y: high.y - (row + 1) * 2 * cellM };
      return floorMark(progress, from, cellM);
    }),
  );
  const put = (mark: string, { x, y }: Point) => {
    const line = cells[Math.floor((high.y - y) / (2 * cellM))];
    const column = Math.floor((x - low.x) / cellM);
    if (line?.[column] !== undefined) line[column] = mark;
  };
  for (const point of progress.path) put('o', point);
  for (const point of trail) put('*', point);
  put('G', goal);
  put('R', progress.pose);
  return cells.map((line) => line.join(''));
}

/** An obstacle anywhere within the character's area is shown. */
function floorMark({ grid }: DriveProgress, from: Point, widthM: number): string {
  let mark = ' ';
  for (let y = 0; y < 4; y++) {
    for (let x = 0; x < 2; x++) {
      const cell = grid.cellOf({
        x: from.x + ((x + 0.5) * widthM) / 2,
        y: from.y + ((y + 0.5) * widthM) / 2,
      });
      if (cell === undefined) continue;
      if (grid.isOccupied(cell)) return '#';
      if (grid.isSeen(cell)) mark = '.';
    }
  }
  return mark;
}
