/** What the routes need of the rest of the cloud. */
import type { Clock } from '../../core/clock.js';
import type { Database } from '../../core/db/database.js';
import type { Logger } from '../../core/log.js';
import type { Secret } from '../../core/secret.js';
import type { ActionDesk } from '../actions/action-desk.js';
import type { DeadLetters } from '../actions/dead-letters.js';
import type { RunStore } from '../actions/run-store.js';
import type { BackupStore } from '../backups/backup-store.js';
import type { Counters } from '../devices/counters.js';
import type { DeviceLife } from '../devices/device-life.js';
import type { EnrolmentStore } from '../enrolment/enrolment-store.js';
import type { JobEngine } from '../jobs/job-engine.js';
import type { JobStore } from '../jobs/job-store.js';
import type { AccessKeys } from '../oneclick/access-keys.js';
import type { OneClick } from '../oneclick/one-click.js';
import type { ProjectStore } from '../projects/project-store.js';
import type { Registry } from '../registry/registry.js';
import type { ReleaseStore } from '../releases/release-store.js';
import type { ShadowStore } from '../shadow/shadow-store.js';
import type { ShadowTopics } from '../shadow/shadow-topics.js';
import type { TelemetryStore } from '../telemetry/telemetry-store.js';
import type { PublishCommand } from '../things/remote-press.js';
import type { ThingDirectory } from '../things/thing-directory.js';
import type { ThingStates } from '../things/thing-states.js';
import type { StreamHub } from './stream-hub.js';

export interface Services {
  readonly version: string;
  readonly startedMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly token: Secret;
  readonly database: Database;
  readonly registry: Registry;
  readonly states: ThingStates;
  readonly things: ThingDirectory;
  readonly projects: ProjectStore;
  readonly life: DeviceLife;
  readonly counters: Counters;
  readonly accessKeys: AccessKeys;
  readonly oneClick: OneClick;
  readonly runs: RunStore;
  readonly deadLetters: DeadLetters;
  readonly actionDesk: ActionDesk;
  readonly telemetry: TelemetryStore;
  readonly backups: BackupStore;
  readonly shadows: ShadowStore;
  readonly shadowTopics: ShadowTopics;
  readonly jobs: JobStore;
  readonly jobEngine: JobEngine;
  readonly enrolment: EnrolmentStore;
  readonly releases: ReleaseStore;
  /** Where devices reach this backend, without a slash at the end; by default as the caller did. */
  readonly publicUrl: (requestUrl: string) => string;
  readonly hub: StreamHub;
  readonly publishCommand: PublishCommand;
  /** Makes a claim token for a thing that exists. @throws THING_UNKNOWN */
  readonly createClaimToken: (thing: string) => Promise<{ claimToken: string; expiresAt: string }>;
}
