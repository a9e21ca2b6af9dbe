/** SenML units as people know them: label, factor, sensible digits. Converts for display only. */
import type { SenmlUnit } from '../../../../core/wire/messages.js';

export interface DisplayUnit {
  readonly label: string;
  /** Displayed value = stored value times this. */
  readonly factor: number;
  readonly fractionDigits: number;
  /** A chart never zooms in further than this, in displayed units: noise is not a storm. */
  readonly minimumSpan: number;
}

const units: Record<SenmlUnit, DisplayUnit> = {
  Cel: { label: '°C', factor: 1, fractionDigits: 1, minimumSpan: 2 },
  Pa: { label: 'hPa', factor: 0.01, fractionDigits: 1, minimumSpan: 2 },
  '%RH': { label: '%', factor: 1, fractionDigits: 1, minimumSpan: 4 },
  '%EL': { label: '%', factor: 1, fractionDigits: 0, minimumSpan: 10 },
  '%': { label: '%', factor: 1, fractionDigits: 1, minimumSpan: 4 },
  V: { label: 'V', factor: 1, fractionDigits: 2, minimumSpan: 0.2 },
  A: { label: 'A', factor: 1, fractionDigits: 2, minimumSpan: 0.2 },
  W: { label: 'W', factor: 1, fractionDigits: 1, minimumSpan: 1 },
  m: { label: 'm', factor: 1, fractionDigits: 2, minimumSpan: 0.2 },
  count: { label: '', factor: 1, fractionDigits: 0, minimumSpan: 4 },
  lx: { label: 'lx', factor: 1, fractionDigits: 0, minimumSpan: 10 },
  'm/s2': { label: 'm/s²', factor: 1, fractionDigits: 2, minimumSpan: 0.2 },
  'rad/s': { label: 'rad/s', factor: 1, fractionDigits: 2, minimumSpan: 0.2 },
  rad: { label: '°', factor: 180 / Math.PI, fractionDigits: 0, minimumSpan: 20 },
};

/** A unit that this release does not know is shown as it came. */
export function displayUnit(unit: string): DisplayUnit {
  const known = Object.hasOwn(units, unit) ? units[unit as SenmlUnit] : undefined;
  return known ?? { label: unit, factor: 1, fractionDigits: 2, minimumSpan: 0.1 };
}

/** The number alone, in displayed units. */
export function quantityNumber(value: number, unit: DisplayUnit, locale?: string): string {
  const format = new Intl.NumberFormat(locale, {
    minimumFractionDigits: unit.fractionDigits,
    maximumFractionDigits: unit.fractionDigits,
  });
  // Adding 0 turns the -0 of a rounded small negative into 0.
  const digits = 10 ** unit.fractionDigits;
  return format.format(Math.round(value * unit.factor * digits) / digits + 0);
}

/** `21.4 °C`. */
export function quantityText(value: number, unit: DisplayUnit, locale?: string): string {
  return `${quantityNumber(value, unit, locale)} ${unit.label}`.trimEnd();
}

/** `room.temperature` as `Room temperature`, `bme280.air_pressure` as `Bme280 air pressure`. */
export function seriesTitle(series: string): string {
  const words = series.replace(/[._-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
