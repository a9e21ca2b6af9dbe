/** What is the matter and what to do about it, in plain sentences. */
import { countOf } from '../../core/count.js';
import type { AlarmCondition, AlarmState } from '../../core/wire/alarms.js';

export interface Facts {
  readonly subject: string;
  /** How long the cause has lasted, milliseconds. */
  readonly lastedMs: number;
  readonly value: number | undefined;
  readonly failures: number;
}

export function reasonFor(when: AlarmCondition, to: AlarmState, facts: Facts): string {
  const { subject } = facts;
  if (to === 'OK') return `${subject}: ${clearReason(when)}.`;
  const lasted = spanText(facts.lastedMs);
  switch (when.kind) {
    case 'silent': {
      const what = when.series === undefined ? 'Nothing came' : `No reading of ${when.series} came`;
      return `${what} from ${subject} for ${lasted}; the limit is ${spanText(when.forMs)}.`;
    }
    case 'offline':
      return `${subject} has not been connected for ${lasted}; the limit is ${spanText(when.forMs)}.`;
    case 'life':
      return `${subject} has ${numberText(facts.value)} % of its life left; the limit is ${when.below} %.`;
    case 'battery':
      return `The battery of ${subject} is at ${numberText(facts.value)}; the limit is ${when.below}.`;
    case 'range':
      return `${when.series} of ${subject} is ${numberText(facts.value)}, outside of ${limitsText(when)}${
        when.forMs > 0 && to === 'ALARM' ? ` for ${spanText(when.forMs)}` : ''
      }.`;
    case 'failing': {
      const where = when.withinMs === undefined ? 'in a row' : `within ${spanText(when.withinMs)}`;
      return `${facts.failures} of ${when.failures} runs of ${subject} failed ${where}.`;
    }
  }
}

function clearReason(when: AlarmCondition): string {
  const texts: Record<AlarmCondition['kind'], string> = {
    silent: 'heard again',
    offline: 'connected again',
    life: 'has enough life left again',
    battery: 'the battery is good again',
    range: 'the value is within its limits again',
    failing: 'runs succeed again',
  };
  return texts[when.kind];
}

/** What a person may do; empty while nothing is the matter. */
export function adviceFor(when: AlarmCondition, state: AlarmState): string {
  if (state === 'OK') return '';
  const texts: Record<AlarmCondition['kind'], string> = {
    silent: 'Look whether the device has power and network, and whether its sensor still measures.',
    offline: 'Look whether the device has power and network; its agent says more in its log.',
    life: 'Have a new device ready and replace this one; name and history stay.',
    battery: 'Charge or change the battery.',
    range: 'Look at what is measured; then at the sensor, if the value cannot be right.',
    failing: 'Open its last run under Activity: the log says why it fails.',
  };
  return texts[when.kind];
}

/** `90000` becomes `1.5 minutes`. */
export function spanText(ms: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1_000, 'second'],
  ];
  const [width, name] = units.find(([size]) => ms >= size) ?? [1_000, 'second'];
  const count = Math.round((10 * ms) / width) / 10;
  return countOf(count, name);
}

function numberText(value: number | undefined): string {
  return value === undefined ? 'unknown' : String(Math.round(value * 100) / 100);
}

function limitsText({ min, max }: { min?: number | undefined; max?: number | undefined }): string {
  if (min === undefined) return `at most ${max}`;
  return max === undefined ? `at least ${min}` : `${min} to ${max}`;
}
