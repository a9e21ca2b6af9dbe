/**
 * The series: what is measured where, in which unit, with which labels, and its newest reading. All in
 * memory, because every reading asks; the database is the truth.
 */
import type { Database, SqlRow } from '../../core/db/database.js';
import type { Reading, SenmlUnit, TelemetryMessage } from '../../core/wire/messages.js';

export type Labels = Readonly<Record<string, string>>;

export interface Series {
  readonly id: number;
  readonly thing: string;
  readonly series: string;
  unit: SenmlUnit;
  labels: Labels;
  last: { readonly timeMs: number; readonly value: number } | undefined;
}

interface SeriesRow extends SqlRow {
  id: number;
  thing: string;
  series: string;
  unit: SenmlUnit;
  labels: string;
}

const columns = 'id, thing, series, unit, labels';

export class SeriesTable {
  readonly #database: Database;
  readonly #series: Map<string, Series>;

  private constructor(database: Database, series: Map<string, Series>) {
    this.#database = database;
    this.#series = series;
  }

  static async open(database: Database): Promise<SeriesTable> {
    const known = new Map<string, Series>();
    for (const row of await database.all<SeriesRow>(`SELECT ${columns} FROM series LIMIT 100000`)) {
      const last = await database.get<{ time_ms: number; value: number }>(
        'SELECT time_ms, value FROM readings WHERE series_id = ? ORDER BY time_ms DESC LIMIT 1',
        [row.id],
      );
      const series = seriesOf(row, last && { timeMs: last.time_ms, value: last.value });
      known.set(keyOf(series.thing, series.series), series);
    }
    return new SeriesTable(database, known);
  }

  get(thing: string, series: string): Series | undefined {
    return this.#series.get(keyOf(thing, series));
  }

  values(): IterableIterator<Series> {
    return this.#series.values();
  }

  /** Makes the series that these messages name and that are not there, or have another unit by now. */
  async ensure(messages: readonly { thing: string; message: TelemetryMessage }[]): Promise<void> {
    for (const { thing, message } of messages) {
      for (const { series, unit } of message.readings) {
        if (this.get(thing, series)?.unit !== unit) await this.#make(thing, series, unit);
      }
    }
  }

  async #make(thing: string, series: string, unit: SenmlUnit): Promise<void> {
    const row = await this.#database.get<SeriesRow>(
      `INSERT INTO series (thing, series, unit) VALUES (?, ?, ?)
       ON CONFLICT (thing, series) DO UPDATE SET unit = excluded.unit RETURNING ${columns}`,
      [thing, series, unit],
    );
    if (row === undefined) throw new RangeError('a series that was just made is gone');
    this.#series.set(keyOf(thing, series), seriesOf(row, this.get(thing, series)?.last));
  }

  /** Takes the place of all labels before. False when there is no such series. */
  async setLabels(thing: string, name: string, labels: Labels): Promise<boolean> {
    const series = this.get(thing, name);
    if (series === undefined) return false;
    await this.#database.run('UPDATE series SET labels = ? WHERE id = ?', [
      JSON.stringify(labels),
      series.id,
    ]);
    series.labels = labels;
    return true;
  }

  /** Those of the readings that are now the newest of their series, one for each series. */
  noteNewest(thing: string, readings: readonly Reading[]): Reading[] {
    const newest = new Map<string, Reading>();
    for (const reading of readings) {
      const series = this.get(thing, reading.series);
      const timeMs = Date.parse(reading.deviceTime);
      if (series === undefined || (series.last && series.last.timeMs >= timeMs)) continue;
      series.last = { timeMs, value: reading.value };
      newest.set(reading.series, reading);
    }
    return [...newest.values()];
  }
}

function keyOf(thing: string, series: string): string {
  return `${thing}/${series}`;
}

function seriesOf({ id, thing, series, unit, labels }: SeriesRow, last: Series['last']): Series {
  return { id, thing, series, unit, labels: JSON.parse(labels) as Labels, last };
}
