/** Jobs and releases. */
import type { JobView } from '../../../../core/wire/jobs.js';
import type { ReleaseView } from '../../../../core/wire/releases.js';
import { segment, type Transport } from './transport.js';

export interface JobCalls {
  /** Newest first, without their executions. */
  jobs(): Promise<JobView[]>;
  /** With its executions. */
  job(id: string): Promise<JobView>;
  /** With `force` also on devices where it is in progress. */
  cancelJob(id: string, force: boolean): Promise<JobView>;
  /** Newest first. */
  releases(): Promise<ReleaseView[]>;
}

export function jobCalls({ get, send }: Transport): JobCalls {
  return {
    jobs: () => get('/jobs'),
    job: (id) => get(`/jobs/${segment(id)}`),
    cancelJob: (id, force) => send('POST', `/jobs/${segment(id)}/cancel`, { force }),
    releases: () => get('/releases'),
  };
}
