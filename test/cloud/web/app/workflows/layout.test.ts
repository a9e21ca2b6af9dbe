import { expect, test } from 'vitest';
import { linesOf } from '../../../../../cloud/web/app/workflows/labels.js';
import { layersOf } from '../../../../../cloud/web/app/workflows/layers.js';
import { type Box, type Drawing, drawingOf } from '../../../../../cloud/web/app/workflows/layout.js';
import { workflowGraph } from '../../../../../core/workflow-graph.js';

const pass = (Next: string) => ({ Type: 'Pass', Next });

/** A choice with a short and a long way to the same end, and a way back. */
const shop = workflowGraph({
  StartAt: 'Which',
  States: {
    Which: {
      Type: 'Choice',
      Choices: [{ Variable: '$.n', NumericGreaterThan: 3, Next: 'Long' }],
      Default: 'End',
    },
    Long: pass('Longer'),
    Longer: {
      Type: 'Task',
      Resource: 'f',
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Which' }],
      Next: 'End',
    },
    End: { Type: 'Succeed' },
  },
});

test('a state stands below all that lead to it, and a way back does not count', () => {
  const { rows } = layersOf(shop);
  expect(rows.map((row) => row.map(({ name }) => name))).toEqual([['Which'], ['Long'], ['Longer'], ['End']]);
});

test('a state that leads to itself has a row of its own', () => {
  const again = workflowGraph({ StartAt: 'A', States: { A: pass('A') } });
  expect(layersOf(again).rows.map((row) => row.length)).toEqual([1]);
  expect(drawingOf(again).ways.map(({ from, to }) => [from, to])).toEqual([['A', 'A']]);
});

test('every way ends at the top of its state, with its condition above that', () => {
  const drawing = drawingOf(shop);
  for (const { to, tip, lines } of drawing.ways) {
    const target = drawing.boxes.find(({ state }) => state.name === to)!;
    expect(tip.y).toBe(target.y);
    expect(tip.x).toBeGreaterThan(target.x);
    expect(tip.x).toBeLessThan(target.x + target.width);
    for (const { y } of lines) expect(y).toBeLessThan(target.y);
  }
  expect(drawing.ways.find(({ to }) => to === 'Long')?.lines.map(({ text }) => text)).toEqual(['$.n > 3']);
});

test('nothing lies on anything else, and all of it is inside of the drawing', () => {
  const branch = (name: string) => ({ StartAt: name, States: { [name]: { Type: 'Pass', End: true } } });
  const wide = drawingOf(
    workflowGraph({
      StartAt: 'Pick',
      States: {
        Pick: {
          Type: 'Choice',
          Choices: ['B', 'C'].map((Next) => ({ Variable: '$.kind', StringEquals: Next, Next })),
          Default: 'D',
        },
        B: { Type: 'Parallel', Branches: [branch('Left'), branch('Right')], Next: 'E' },
        C: pass('E'),
        D: pass('E'),
        E: { Type: 'Succeed' },
      },
    }),
  );
  const check = ({ boxes, width, height }: Drawing) => {
    for (const [at, a] of boxes.entries()) {
      expect(a.x).toBeGreaterThanOrEqual(0);
      expect(a.x + a.width).toBeLessThanOrEqual(width);
      expect(a.y + a.height).toBeLessThanOrEqual(height);
      for (const b of boxes.slice(at + 1)) expect(areApart(a, b)).toBe(true);
      for (const { x, y, drawing } of a.branches) {
        expect(x + drawing.width).toBeLessThanOrEqual(a.width);
        expect(y + drawing.height).toBeLessThanOrEqual(a.height);
        check(drawing);
      }
    }
  };
  check(wide);
  expect(wide.boxes.map(({ state, branches }) => [state.name, branches.length])).toContainEqual(['B', 2]);
});

function areApart(a: Box, b: Box): boolean {
  return a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
}

test('a definition that is damaged or empty is drawn as far as it goes', () => {
  expect(workflowGraph(null)).toEqual([]);
  expect(drawingOf(workflowGraph({ StartAt: 'A', States: { A: pass('Nowhere') } })).ways).toEqual([]);
});

test.each([
  ['', []],
  ['$.n > 3', ['$.n > 3']],
  ['$.deviceEvent.buttonClicked.clickType = "LONG"', ['…clickType = "LONG"']],
  [
    '$.deviceEvent.clickType = "LONG" and $.placementInfo.floor = "ground"',
    ['…clickType = "LONG" and', '…floor = "ground"'],
  ],
])('the condition %j is written as %j', (label, lines) => {
  expect(linesOf(label)).toEqual(lines);
});
