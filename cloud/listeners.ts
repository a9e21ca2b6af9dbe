/** The ports at which devices arrive: the broker and provisioning, with the server's certificate. */
import type { Clock } from '../core/clock.js';
import type { Database } from '../core/db/database.js';
import { GatehouseError } from '../core/errors.js';
import type { Lifetimes } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import type { Authority } from '../core/pki/authority.js';
import { Broker } from './broker/broker.js';
import type { Ingest } from './broker/ingest.js';
import type { Claims } from './broker/options.js';
import type { ProgramArchive } from './cards/program-archive.js';
import { CertificateRenewal } from './certificate-renewal.js';
import type { CloudConfig } from './config.js';
import { portTaken } from './http/errors.js';
import { Presence } from './presence.js';
import { ProvisioningServer } from './provisioning/server.js';
import type { Refusals } from './refusals.js';
import type { Registry } from './registry/registry.js';

export interface ListenerParts {
  readonly config: CloudConfig;
  readonly authority: Authority;
  readonly registry: Registry;
  readonly archive: ProgramArchive;
  readonly ingest: Ingest;
  readonly refusals: Refusals;
  readonly claims: Claims;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Listeners {
  readonly broker: Broker;
  readonly provisioning: ProvisioningServer;
}

/** @throws PORT_TAKEN, BROKER_LISTEN_FAILED, PROVISIONING_LISTEN_FAILED */
export async function openListeners(parts: ListenerParts, lifetimes: Lifetimes): Promise<Listeners> {
  const { config, authority, refusals, registry, archive, clock, log } = parts;
  const { mqtt, provisioning: claims, hostNames } = config;
  const tls = await authority.serverCertificate(hostNames);
  const broker = lifetimes.add(
    'broker',
    await named(
      mqtt,
      'mqtt.port',
      Broker.open({
        ...parts,
        onRefused: (reason) => refusals.count('mqtt', reason),
        ...mqtt,
        tls,
        log: log.with({ part: 'broker' }),
      }),
    ),
  );
  lifetimes.add('presence', Presence.start({ broker, ...parts }));
  const opening = ProvisioningServer.open({
    ...claims,
    tls,
    mqtt: { port: broker.address.port },
    registry,
    archive,
    authority,
    clock,
    log: log.with({ part: 'provisioning' }),
  });
  const provisioning = lifetimes.add('provisioning', await named(claims, 'provisioning.port', opening));
  const renewal = CertificateRenewal.start(
    {
      authority,
      hosts: hostNames,
      clock,
      log,
      onCertificate: (certificate) => {
        broker.setCertificate(certificate);
        provisioning.setCertificate(certificate);
      },
    },
    tls,
  );
  lifetimes.add('certificate renewal', renewal);
  return { broker, provisioning };
}

/** A taken port is told with the key of the configuration that changes it. */
async function named<T>(at: { host: string; port: number }, option: string, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    const taken = error instanceof GatehouseError && error.context['system'] === 'EADDRINUSE';
    throw taken ? portTaken(at.host, at.port, option, error) : error;
  }
}
