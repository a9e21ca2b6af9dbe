/** Puts updates together: the handler of the job "update", and the trial of a version that is new. */
import { join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import { updateOperation } from '../../core/wire/update.js';
import type { CloudLink } from '../cloud-link.js';
import type { AgentConfig } from '../config.js';
import { identityPaths } from '../identity/identity.js';
import type { JobHandler } from '../jobs/job-client.js';
import type { Outbox } from '../outbox.js';
import { HealthTrial } from './health-trial.js';
import { InstallFolder } from './install-folder.js';
import { UpdateHandler } from './update-handler.js';
import { loadPublicKey } from './verify.js';

export interface Supervised {
  /** The release that this process was started from; null for the one that came with the machine. */
  readonly release: string | null;
  /** Ends this process in order; the launcher starts the next. */
  readonly restart: () => void;
}

export interface Updates extends Closeable {
  readonly handlers: ReadonlyMap<string, JobHandler>;
}

export interface UpdatesOptions {
  readonly config: Pick<AgentConfig, 'dataDir' | 'update'>;
  readonly supervised: Supervised | undefined;
  readonly link: Pick<CloudLink, 'connected'>;
  readonly outbox: Pick<Outbox, 'totals'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export function installFolderOf({ dataDir, update }: Pick<AgentConfig, 'dataDir' | 'update'>): InstallFolder {
  return new InstallFolder(update.folder ?? join(dataDir, 'install'));
}

/** @throws PUBLIC_KEY_UNREADABLE */
export async function openUpdates(options: UpdatesOptions): Promise<Updates> {
  const { config, supervised, link, outbox, clock, log } = options;
  if (supervised === undefined) {
    return none('It does not run under "gatehouse agent supervise".');
  }
  const folder = installFolderOf(config);
  const state = await folder.readState();
  const health = () => ({ connected: link.connected, waiting: outbox.totals.rows });
  const trial =
    state?.phase === 'trial' && state.version === supervised.release
      ? HealthTrial.start({ folder, state, health, clock, log })
      : undefined;
  const close = async () => trial?.close();
  const { publicKeyFile } = config.update;
  if (publicKeyFile === undefined) return { ...none('"update.publicKeyFile" is not configured.'), close };
  const handler = new UpdateHandler({
    folder,
    publicKey: await loadPublicKey(publicKeyFile),
    ...supervised,
    trial: trial?.settled ?? Promise.resolve(),
    caPath: identityPaths(join(config.dataDir, 'identity')).caPath,
    clock,
  });
  return { handlers: new Map([[updateOperation, handler]]), close };
}

function none(reason: string): Updates {
  const handler: JobHandler = {
    run: async () => ({ status: 'REJECTED', details: { reason: `This agent takes no updates. ${reason}` } }),
  };
  return { handlers: new Map([[updateOperation, handler]]), close: async () => {} };
}
