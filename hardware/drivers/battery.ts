/** What a battery has left, from its voltage: by a discharge curve of one cell at rest. */

/** Voltage of one cell and the percentage left there, from empty to full. */
export type DischargeCurve = readonly (readonly [cellVolts: number, percent: number])[];

export interface Battery {
  /** Cells in series; 1 unless told. */
  readonly cells?: number;
  /** Of the whole battery with its wires: its voltage is lower by current times this under load. 0 unless told. */
  readonly resistanceOhms?: number;
  /** `lithiumPolymer` unless told. */
  readonly curve?: DischargeCurve;
}

/** A lithium-polymer or lithium-ion cell of 3.7 V at rest, as makers of chargers print it. */
export const lithiumPolymer: DischargeCurve = [
  [3.27, 0],
  [3.61, 5],
  [3.69, 10],
  [3.73, 20],
  [3.77, 30],
  [3.8, 40],
  [3.84, 50],
  [3.87, 60],
  [3.95, 70],
  [4.02, 80],
  [4.11, 90],
  [4.2, 100],
];

/** Percent, 0 to 100. `currentA` is positive while the battery gives. */
export function batteryLeft(battery: Battery, volts: number, currentA: number): number {
  const { cells = 1, resistanceOhms = 0, curve = lithiumPolymer } = battery;
  const cellVolts = (volts + currentA * resistanceOhms) / cells;
  let below = curve[0] ?? [0, 0];
  for (const point of curve) {
    if (cellVolts < point[0]) {
      if (point === below) return point[1];
      return below[1] + ((cellVolts - below[0]) / (point[0] - below[0])) * (point[1] - below[1]);
    }
    below = point;
  }
  return below[1];
}
