/** Keeps what gateways report about their backup runs: the last thirty of each job. */
import type { Database, SqlRow } from '../../core/db/database.js';
import type { BackupJobView, BackupReport } from '../../core/wire/backups.js';

const keptPerJob = 30;

interface ReportRow extends SqlRow {
  job: string;
  report: string;
}

export class BackupStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A later report of the same run takes the place of the earlier one. */
  async store(report: BackupReport): Promise<void> {
    await this.#database.batch([
      {
        sql: `INSERT INTO backup_reports (job, run_id, started_ms, report) VALUES (?, ?, ?, ?)
              ON CONFLICT (job, run_id) DO UPDATE SET started_ms = excluded.started_ms, report = excluded.report`,
        params: [report.job, report.runId, Date.parse(report.startedAt), JSON.stringify(report)],
      },
      {
        sql: `DELETE FROM backup_reports WHERE job = ? AND run_id NOT IN (
                SELECT run_id FROM backup_reports WHERE job = ? ORDER BY started_ms DESC, run_id LIMIT ?)`,
        params: [report.job, report.job, keptPerJob],
      },
    ]);
  }

  /** By name of the job; the history newest first. */
  async list(): Promise<BackupJobView[]> {
    const rows = await this.#database.all<ReportRow>(
      'SELECT job, report FROM backup_reports ORDER BY job, started_ms DESC, run_id LIMIT 10000',
    );
    const jobs = new Map<string, BackupReport[]>();
    for (const row of rows) {
      const history = jobs.get(row.job) ?? [];
      history.push(JSON.parse(row.report) as BackupReport);
      jobs.set(row.job, history);
    }
    return [...jobs].flatMap(([job, history]) => {
      const [last] = history;
      return last === undefined ? [] : [{ job, last, history }];
    });
  }
}
