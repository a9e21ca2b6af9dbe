// Draws hardware/boards/*/wiring.svg from the wiring.json beside it: run it after a change.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { headerPins } from '../dist/hardware/header-pins.js';

const boards = new URL('../hardware/boards/', import.meta.url);
const colours = {
  power: '#d7263d',
  five: '#b8127f',
  battery: '#8a4b08',
  ground: '#222222',
  signal: '#1b66c9',
  clock: '#c77700',
  line: '#7a3db8',
  other: '#557755',
};
const supplies = { power: '3.3 V', five: '5 V', battery: 'battery', ground: 'ground' };
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const text = (x, y, content, more = '') => `<text x="${x}" y="${y}" ${more}>${escaped(content)}</text>`;

function draw({ title, parts, notes }) {
  const rowHeight = 26;
  const [boxX, boxWidth, chipX] = [24, 280, 505];
  const out = [];
  const used = new Map();
  let y = 60;
  for (const part of parts) {
    const height = part.wires.length * rowHeight + 34;
    out.push(
      `<rect x="${boxX}" y="${y}" width="${boxWidth}" height="${height}" rx="8" fill="#f1f3f6" stroke="#8a93a0"/>`,
      text(boxX + 12, y + 21, part.name, 'font-weight="650" font-size="14"'),
    );
    part.wires.forEach(({ from, to, kind, over }, index) => {
      const at = y + 46 + index * rowHeight;
      const colour = colours[kind];
      const isPin = typeof to === 'number';
      if (isPin) used.set(to, colour);
      out.push(
        text(boxX + boxWidth - 16, at + 4, from, 'text-anchor="end" font-size="12"'),
        `<circle cx="${boxX + boxWidth}" cy="${at}" r="5" fill="#e9d27a" stroke="#8a7a2a"/>`,
        `<path d="M${boxX + boxWidth + 5} ${at}H${chipX - 12}" stroke="${colour}" stroke-width="3.5"/>`,
      );
      if (over) {
        const width = over.length * 6.6 + 14;
        const left = (boxX + boxWidth + chipX - width) / 2;
        out.push(
          `<rect x="${left}" y="${at - 10}" width="${width}" height="20" rx="4" fill="#fff" stroke="${colour}" stroke-width="1.5"/>`,
          text(left + width / 2, at + 4, over, 'text-anchor="middle" font-size="11.5"'),
        );
      }
      if (isPin) {
        out.push(
          `<circle cx="${chipX}" cy="${at}" r="12" fill="${colour}"/>`,
          text(
            chipX,
            at + 4,
            String(to),
            'text-anchor="middle" fill="#fff" font-size="12" font-weight="650"',
          ),
          text(chipX + 20, at + 4, `pin ${to}, ${carriedBy(to)}`, 'font-size="12"'),
        );
      } else {
        out.push(
          `<rect x="${chipX - 12}" y="${at - 7}" width="14" height="14" fill="${colour}"/>`,
          text(chipX + 20, at + 4, to, 'font-size="12"'),
        );
      }
    });
    y += height + 14;
  }
  out.push(header(used), legend(parts));
  const below = Math.max(y, 60 + 20 * 25 + 100);
  for (const [index, note] of notes.entries()) {
    out.push(text(boxX, below + 14 + index * 20, note, 'font-size="13"'));
  }
  const height = below + 24 + notes.length * 20;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 ${height}" font-family="system-ui, sans-serif" fill="#222" role="img" aria-label="${escaped(title)}">
<rect width="900" height="${height}" fill="#fff"/>
${text(24, 36, title, 'font-size="19" font-weight="650"')}
${out.join('\n')}
</svg>
`;
}

/** The header as one looks down on the board, its used pins in the colours of their wires. */
function header(used) {
  const out = [
    '<rect x="728" y="52" width="118" height="536" rx="9" fill="#1f6f43"/>',
    text(787, 74, 'Header', 'text-anchor="middle" fill="#fff" font-size="13" font-weight="650"'),
  ];
  for (let pin = 1; pin <= 40; pin++) {
    const x = pin % 2 === 1 ? 766 : 808;
    const y = 96 + Math.floor((pin - 1) / 2) * 25;
    const colour = used.get(pin);
    out.push(
      `<circle cx="${x}" cy="${y}" r="10.5" fill="${colour ?? '#cfdcd4'}"${colour ? ' stroke="#fff" stroke-width="2"' : ''}/>`,
      text(x, y + 4, String(pin), `text-anchor="middle" font-size="10.5" fill="${colour ? '#fff' : '#456'}"`),
    );
  }
  out.push(text(787, 606, 'pin 1: corner by the card slot', 'text-anchor="middle" font-size="11"'));
  return out.join('\n');
}

function carriedBy(pin) {
  const carries = headerPins[pin - 1];
  if (typeof carries !== 'number') return carries;
  return `GPIO${carries}${{ 2: ', SDA', 3: ', SCL' }[carries] ?? ''}`;
}

/** What the colours of supplies stand for, as far as they are used. */
function legend(parts) {
  const used = new Set(parts.flatMap(({ wires }) => wires.map(({ kind }) => kind)));
  return Object.entries(supplies)
    .filter(([kind]) => used.has(kind))
    .map(([kind, means], index) => {
      const y = 628 + index * 18;
      const line = `<path d="M728 ${y}H752" stroke="${colours[kind]}" stroke-width="3.5"/>`;
      return line + text(760, y + 4, means, 'font-size="11"');
    })
    .join('\n');
}

for (const entry of readdirSync(boards, { withFileTypes: true })) {
  if (!entry.isDirectory()) continue;
  const folder = new URL(`${entry.name}/`, boards);
  writeFileSync(
    new URL('wiring.svg', folder),
    draw(JSON.parse(readFileSync(new URL('wiring.json', folder), 'utf8'))),
  );
}
