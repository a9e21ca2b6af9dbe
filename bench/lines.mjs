/**
 * From a change of the wire to the callback in this program, by every way to a line: only on the virtual Pi,
 * `scripts/virtual-pi.sh run node bench/lines.mjs`. 300 edges each; the write that moves the simulated wire
 * is inside the time, the same for all.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../dist/core/clock.js';
import { CharacterChip } from '../dist/hardware/linux/character-chip.js';
import { OnoffChip } from '../dist/hardware/linux/onoff-chip.js';
import { quantile } from './measure.mjs';

const edges = 300;
const warmUp = 20;
const line = 17;
const wire = join(process.env.VIRTUAL_PI_LINES ?? '', `sim_gpio${line}`, 'pull');
const drive = (level) => writeFileSync(wire, level === 1 ? 'pull-up' : 'pull-down');

/** `watch` calls back at each edge, and resolves with what ends it. */
async function latencies(watch) {
  drive(0);
  let seen = () => {};
  const end = await watch(() => seen());
  const times = [];
  for (let i = 0; i < warmUp + edges; i += 1) {
    const edge = new Promise((resolve) => {
      seen = resolve;
    });
    const before = performance.now();
    drive((i + 1) % 2);
    await edge;
    if (i >= warmUp) times.push(performance.now() - before);
    await pause(2);
  }
  await end();
  return times;
}

function byChip(Chip) {
  return async (onEdge) => {
    const chip = await Chip.open({ clock: systemClock });
    (await chip.input({ pin: `GPIO${line}`, activeLow: false })).watch(onEdge);
    return () => chip.close();
  };
}

async function byGpiomon(onEdge) {
  const monitor = spawn('gpiomon', ['--line-buffered', process.env.VIRTUAL_PI_CHIP, String(line)]);
  monitor.stdout.on('data', onEdge);
  await pause(1_000);
  return async () => {
    monitor.kill('SIGTERM');
    await once(monitor, 'exit');
  };
}

for (const [name, watch] of [
  ['character device, event loop', byChip(CharacterChip)],
  ['onoff, sysfs and epoll thread', byChip(OnoffChip)],
  ['gpiomon, a process', byGpiomon],
]) {
  const times = await latencies(watch);
  const ms = (q) => `${quantile(times, q).toFixed(2)} ms`;
  process.stdout.write(`${name}: p50 ${ms(0.5)}, p99 ${ms(0.99)}\n`);
}
