import { expect, test } from 'vitest';
import { displayUnit, quantityText, seriesTitle } from '../../../../../cloud/web/app/format/units.js';

test.each([
  [21.44, 'Cel', '21.4 °C'],
  [-0.04, 'Cel', '0.0 °C'],
  [101_325, 'Pa', '1,013.3 hPa'],
  [48.25, '%RH', '48.3 %'],
  [1_204, 'count', '1,204'],
  [9.806_65, 'm/s2', '9.81 m/s²'],
  [3.3, 'furlong', '3.30 furlong'],
])('%d %s is shown as "%s"', (value, unit, text) => {
  expect(quantityText(value, displayUnit(unit), 'en')).toBe(text);
});

test('a unit named like a member of every object is shown as it came', () => {
  expect(displayUnit('constructor').label).toBe('constructor');
});

test('a series name becomes a title', () => {
  expect(seriesTitle('room.air_pressure')).toBe('Room air pressure');
});
