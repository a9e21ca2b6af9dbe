import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../core/config.js';
import { agentConfig } from '../../device/config.js';
import { headerPins } from '../../hardware/header-pins.js';
import { bcmNumber } from '../../hardware/pin-name.js';

interface Wire {
  readonly from: string;
  readonly to: number | string;
  readonly kind: string;
}

const folder = new URL('../../hardware/boards/', import.meta.url);
const boards = readdirSync(folder);
const read = (board: string, name: string) => readFileSync(new URL(`${board}/${name}`, folder), 'utf8');

function wiresOf(board: string): readonly Wire[] {
  const { parts } = JSON.parse(read(board, 'wiring.json')) as { parts: { wires: Wire[] }[] };
  return parts.flatMap(({ wires }) => wires);
}

/** The lines that the agent of the board uses, by BCM number. */
function linesOf(board: string): number[] {
  const config = parseConfig(agentConfig, JSON.parse(read(board, 'agent.json')), board);
  const pins: string[] = [];
  // Called for every value at every depth.
  JSON.stringify(config, (key, value: unknown) => {
    if (/^pin$|Pin$/.test(key) && typeof value === 'string') pins.push(value);
    return value;
  });
  return pins.map((pin) => bcmNumber(pin) ?? Number.NaN);
}

describe.each(boards)('the drawing of %s', (board) => {
  const onHeader = wiresOf(board).filter(
    (wire): wire is Wire & { to: number } => typeof wire.to === 'number',
  );
  const carriedBy = (pin: number) => headerPins[pin - 1];

  it('joins supplies and grounds to pins that carry them, and each pin to one wire', () => {
    const supplies: Record<string, unknown> = { power: '3.3 V', five: '5 V', ground: 'ground' };
    for (const { from, to, kind } of onHeader) {
      if (kind in supplies) expect(carriedBy(to), `${from} on pin ${to}`).toBe(supplies[kind]);
      else expect(carriedBy(to), `${from} on pin ${to}`).toBeTypeOf('number');
    }
    const pins = onHeader.map(({ to }) => to);
    expect(pins).toEqual([...new Set(pins)]);
  });

  it('has every line that its configuration names, and no other but the bus', () => {
    const bus = [2, 3];
    const drawn = onHeader.map(({ to }) => carriedBy(to)).filter((carried) => typeof carried === 'number');
    const wanted = linesOf(board);
    expect(wanted.length).toBeGreaterThan(0);
    expect(drawn.filter((line) => !bus.includes(line)).sort()).toEqual(wanted.sort());
  });

  it('is drawn from what stands beside it (else run: node scripts/wiring.mjs)', () => {
    const svg = read(board, 'wiring.svg');
    for (const { from, to } of wiresOf(board)) {
      expect(svg).toContain(`>${from}</text>`);
      const carried = typeof to === 'number' ? carriedBy(to) : '';
      const place = typeof carried === 'number' ? `GPIO${carried}` : carried;
      expect(svg).toContain(typeof to === 'number' ? `>pin ${to}, ${place}` : `>${to}</text>`);
    }
  });
});
