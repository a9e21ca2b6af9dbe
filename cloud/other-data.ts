/** What goes by its age beside telemetry: what became of presses, alarms and workflows. */
import type { Database } from '../core/db/database.js';
import { deleteLogsBetween, deleteRunsBefore } from './actions/run-retention.js';
import { deleteHistoryBefore } from './alarms/alarm-store.js';
import type { CloudConfig } from './config.js';
import { deleteClicksBefore } from './ingest/click-store.js';
import { type OtherData, onwards } from './telemetry/retention.js';
import { deleteExecutionsBefore, deleteHistoryBetween } from './workflows/execution-retention.js';

const dayMs = 86_400_000;

export function otherData(database: Database, { history }: Pick<CloudConfig, 'history'>): OtherData[] {
  const runAgeMs = history.runDays * dayMs;
  const sweepHistory = onwards((range, limit) => deleteHistoryBetween(database, range, limit));
  return [
    { name: 'runLogs', sweep: onwards((range, limit) => deleteLogsBetween(database, range, limit)) },
    { name: 'executionHistory', sweep: sweepHistory },
    {
      name: 'alarmHistory',
      sweep: (beforeMs, limit) => deleteHistoryBefore(database, beforeMs, limit),
    },
    {
      name: 'runs',
      maxAgeMs: runAgeMs,
      sweep: (beforeMs, limit) => deleteRunsBefore(database, beforeMs, limit),
    },
    // Where executions are to go before readings, their histories go with them.
    { name: 'executionHistory', maxAgeMs: runAgeMs, sweep: sweepHistory },
    {
      name: 'executions',
      maxAgeMs: runAgeMs,
      sweep: (beforeMs, limit) => deleteExecutionsBefore(database, beforeMs, limit),
    },
    {
      name: 'clicks',
      maxAgeMs: history.clickDays * dayMs,
      sweep: (beforeMs, limit) => deleteClicksBefore(database, beforeMs, limit),
    },
  ];
}
