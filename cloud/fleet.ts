/** What devices share with AWS IoT Core besides messages, put together: shadows, jobs, provisioning. */
import type { Clock } from '../core/clock.js';
import type { Lifetimes } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import type { Authority } from '../core/pki/authority.js';
import { ArtifactBuckets } from './artifacts/artifact-buckets.js';
import type { ArtifactsConfig } from './artifacts/artifacts-config.js';
import type { Reply } from './broker/ingest.js';
import { EnrolmentStore } from './enrolment/enrolment-store.js';
import { EnrolmentTopics } from './enrolment/enrolment-topics.js';
import type { StreamHub } from './http/stream-hub.js';
import type { Links } from './intake.js';
import { ExecutionStore } from './jobs/execution-store.js';
import { JobDocuments } from './jobs/job-documents.js';
import { JobEngine } from './jobs/job-engine.js';
import { JobStore } from './jobs/job-store.js';
import { JobTopics } from './jobs/job-topics.js';
import { ShadowTopics } from './shadow/shadow-topics.js';
import type { Stores } from './stores.js';

export interface Fleet {
  readonly shadowTopics: ShadowTopics;
  readonly jobs: JobStore;
  readonly jobEngine: JobEngine;
  readonly artifactBuckets: ArtifactBuckets;
  readonly enrolment: EnrolmentStore;
  /** Serves `$aws/things/THING/REST`; resolves when it is stored. */
  reserved(thing: string, rest: string, payload: Uint8Array, reply: Reply): Promise<void>;
  /** Serves fleet provisioning for a connection with a claim certificate. */
  enrol(claim: string, topic: string, payload: Uint8Array, reply: Reply): Promise<void>;
}

interface FleetParts {
  readonly artifacts: ArtifactsConfig;
  readonly stores: Stores;
  readonly links: Links;
  readonly hub: StreamHub;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly log: Logger;
}

export async function openFleet(parts: FleetParts, lifetimes: Lifetimes): Promise<Fleet> {
  const { stores, links, hub, authority, clock } = parts;
  const log = parts.log.with({ part: 'fleet' });
  const publish = (thing: string, topic: string, payload: string) => {
    links.broker?.publishTo(thing, topic, payload).catch((error: unknown) => {
      log.debug('device not told', { thing, topic, error });
    });
  };
  const shadowTopics = new ShadowTopics({ store: stores.shadows, clock, log, publish });
  const executions = new ExecutionStore(stores.database, clock);
  const jobs = new JobStore(stores.database, clock);
  const artifactBuckets = lifetimes.add('buckets', new ArtifactBuckets(parts.artifacts, clock));
  const documents = new JobDocuments((object, seconds) => artifactBuckets.presign(object, seconds));
  const onJob = (id: string) => {
    if (hub.clientCount === 0) return;
    // Without executions: those of a large fleet are more than a page takes at once.
    jobs.summary(id).then(
      (job) => hub.publish({ type: 'job', data: job }),
      (error: unknown) => log.debug('change of a job not shown', { id, error }),
    );
  };
  const jobEngine = JobEngine.start({ jobs, executions, documents, clock, log, publish, onJob });
  lifetimes.add('jobs', jobEngine);
  const jobTopics = new JobTopics({ executions, engine: jobEngine, documents, clock, log });
  const { database, registry } = stores;
  const enrolment = await EnrolmentStore.open({ database, authority, types: registry.types, clock });
  const enrolmentTopics = new EnrolmentTopics({ store: enrolment, registry, authority, log });
  return {
    enrolment,
    enrol: (claim, topic, payload, reply) => enrolmentTopics.handle(claim, topic, payload, reply),
    shadowTopics,
    jobs,
    jobEngine,
    artifactBuckets,
    reserved: (thing, rest, payload, reply) =>
      rest.startsWith('jobs/')
        ? jobTopics.handle(thing, rest, payload, reply)
        : shadowTopics.handle(thing, rest, payload),
  };
}
