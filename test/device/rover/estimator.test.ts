import { expect, test } from 'vitest';
import { Estimator } from '../../../device/rover/estimator.js';

const seconds = 0.05;

test('a zero of the gyroscope that is learnt at rest does not turn it later', () => {
  const estimator = new Estimator(0.15);
  for (let at = 0; at < 40; at++) estimator.rest(0.3);
  expect(estimator.estimate.gyroZeroRadS).toBeCloseTo(0.3, 3);
  for (let at = 0; at < 100; at++) estimator.move({ seconds, leftM: 0.01, rightM: 0.01, yawRateRadS: 0.3 });
  expect(estimator.estimate.x).toBeCloseTo(1, 2);
  expect(estimator.estimate.y).toBeCloseTo(0, 2);
  expect(estimator.estimate.heading).toBeCloseTo(0, 2);
});

test('a quarter of a circle ends a quarter of a circle away', () => {
  const estimator = new Estimator(0.15);
  for (let at = 0; at < 40; at++) estimator.rest(0);
  const [steps, radiusM] = [200, 1];
  const turn = Math.PI / 2 / steps;
  for (let at = 0; at < steps; at++) {
    const [leftM, rightM] = [turn * (radiusM - 0.075), turn * (radiusM + 0.075)];
    estimator.move({ seconds, leftM, rightM, yawRateRadS: turn / seconds });
  }
  expect(estimator.estimate.x).toBeCloseTo(1, 2);
  expect(estimator.estimate.y).toBeCloseTo(1, 2);
  expect(estimator.slips).toBe(0);
});

test('a wheel that spins while the buggy does not turn is found out, and its way taken back', () => {
  const estimator = new Estimator(0.15);
  for (let at = 0; at < 40; at++) estimator.rest(0);
  for (let at = 0; at < 8; at++) estimator.move({ seconds, leftM: 0.01, rightM: 0.02, yawRateRadS: 0 });
  expect(estimator.slips).toBe(1);
  // The left wheel alone tells 0.08 m; the mean of both would be 0.12.
  expect(estimator.estimate.x).toBeLessThan(0.09);
  expect(estimator.estimate.heading).toBeCloseTo(0, 3);
});

test('the doubt about its place grows with the way', () => {
  const estimator = new Estimator(0.15);
  for (let at = 0; at < 40; at++) estimator.rest(0);
  const go = (metres: number) => {
    for (let at = 0; at < metres * 100; at++) {
      estimator.move({ seconds, leftM: 0.01, rightM: 0.01, yawRateRadS: 0 });
    }
    return estimator.estimate.uncertaintyM;
  };
  const [after1, after5] = [go(1), go(4)];
  expect(after1).toBeGreaterThan(0.005);
  expect(after5).toBeGreaterThan(2 * after1);
  expect(after5).toBeLessThan(0.3);
});
