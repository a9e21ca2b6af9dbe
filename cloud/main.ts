/**
 * The cloud as one value: opened in order, closed in reverse. Stopping takes no new work, lets runs
 * that are under way end for some seconds, and leaves the rest in the database for the next start.
 */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../core/clock.js';
import { InstanceLock } from '../core/instance-lock.js';
import { type Closeable, type Lifetimes, opening } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import { Authority } from '../core/pki/authority.js';
import { formatClaimToken } from '../core/wire/claim-token.js';
import { openActing } from './acting.js';
import { openAlarms } from './alarms/open-alarms.js';
import { CardDesk } from './cards/card-desk.js';
import type { CloudConfig } from './config.js';
import { openFleet } from './fleet.js';
import { loadApiToken } from './http/api-token.js';
import { createApp, isUpload } from './http/app.js';
import { HttpServer } from './http/server.js';
import { StreamHub } from './http/stream-hub.js';
import { followConnections, type Links, openIngest, tellOfThing } from './intake.js';
import { openListeners } from './listeners.js';
import { OneClick } from './oneclick/one-click.js';
import { otherData } from './other-data.js';
import type { ProvisioningServer } from './provisioning/server.js';
import { Refusals } from './refusals.js';
import { ensureThing, openStores, type Stores } from './stores.js';
import { Retention } from './telemetry/retention.js';

export interface CloudOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Of this program; shown in the dashboard. */
  readonly version: string;
}

interface ClaimTokenView {
  readonly claimToken: string;
  readonly expiresAt: string;
}

export interface Cloud extends Closeable {
  /** Of the dashboard and the API, without a slash at the end. */
  readonly httpUrl: string;
  readonly mqttPort: number;
  readonly provisioningPort: number;
  readonly apiToken: string;
  /** Makes the thing if there is none of that name. @throws THING_NAME_INVALID, DEVICE_TYPE_UNKNOWN */
  createClaimToken(thing: string, type?: string): Promise<ClaimTokenView>;
}

const claimLifeMs = 86_400_000;
const dayMs = 86_400_000;

/**
 * @throws ALREADY_RUNNING when another process holds the data directory, PORT_TAKEN when a port is
 * in use, and what the parts throw.
 */
export function openCloud(config: CloudConfig, options: CloudOptions): Promise<Cloud> {
  return opening((lifetimes) => open(config, options, lifetimes), options.log);
}

async function open(config: CloudConfig, options: CloudOptions, lifetimes: Lifetimes): Promise<Cloud> {
  const { clock, log, version } = options;
  const startedMs = clock.now();
  lifetimes.add('lock', await InstanceLock.acquire(config.dataDir, 'cloud'));
  const token = await loadApiToken(config.dataDir);
  const authority = await Authority.open({ directory: join(config.dataDir, 'pki'), clock });
  const stores = await openStores(config, clock, lifetimes);
  const { artifacts, oneClick } = config;
  const { region } = oneClick;
  const hub = new StreamHub(clock);
  const links: Links = {};
  const refusals = new Refusals(clock);
  const actingParts = { stores, links, hub, clock, log: log.with({ part: 'actions' }) };
  const acting = await openActing(config, actingParts, lifetimes);
  const { dispatcher } = acting;
  const alarms = await openAlarms(config.alarms, { stores, dispatcher, hub, links, clock, log }, lifetimes);
  const fleet = await openFleet({ artifacts, stores, links, hub, authority, clock, log }, lifetimes);
  const intake = { stores, dispatcher, hub, links, fleet, refusals, clock, log, region };
  const ingest = openIngest(intake, lifetimes);
  const parts = { config, authority, ...stores, ingest, refusals, claims: fleet.enrolment, clock, log };
  const { broker, provisioning } = await openListeners(parts, lifetimes);
  links.broker = broker;
  followConnections(broker, intake, lifetimes);

  const createClaimToken = claimTokens(config, stores, authority, provisioning);
  const retention = lifetimes.add('retention', startRetention(config, options, stores));
  const app = createApp({
    services: {
      ...stores,
      version,
      startedMs,
      clock,
      log: log.with({ part: 'http' }),
      token,
      ...acting,
      alarms,
      retention,
      refusals,
      hub,
      ...fleet,
      oneClick: openOneClick(config, options, stores, hub),
      publicUrl: (requestUrl) => config.http.publicUrl ?? new URL(requestUrl).origin,
      publishCommand: (thing, command) => broker.publish(thing, 'command', JSON.stringify(command)),
      createClaimToken,
      cards: openCards(config, stores, authority, createClaimToken),
    },
    boundTo: config.http.host,
    allowedHosts: config.http.allowedHosts,
    webDirectory: config.web.directory ?? builtDashboard(),
  });
  const http = lifetimes.add('http', await HttpServer.open({ ...config.http, app, clock, isUpload }));
  lifetimes.add('event stream', hub);
  const ports = { mqttPort: broker.address.port, provisioningPort: provisioning.address.port };
  log.info('cloud serves', { http: http.url, ...ports });
  return {
    httpUrl: http.url,
    ...ports,
    apiToken: token.reveal(),
    async createClaimToken(thing, type = 'button') {
      await ensureThing(stores.registry, thing, type);
      return createClaimToken(thing);
    },
    close: () => lifetimes.close(),
  };
}

function claimTokens(
  config: CloudConfig,
  { registry }: Stores,
  { caSha256 }: Authority,
  { address }: ProvisioningServer,
): (thing: string) => Promise<ClaimTokenView> {
  return async (thing) => {
    const { secret, expiresAtMs } = await registry.createClaimToken(thing, claimLifeMs);
    const claimToken = formatClaimToken({ host: claimHost(config), port: address.port, caSha256, secret });
    return { claimToken, expiresAt: new Date(expiresAtMs).toISOString() };
  };
}

function openCards(
  { mqtt, provisioning }: CloudConfig,
  { registry, archive }: Stores,
  { caPem }: Authority,
  createClaimToken: (thing: string) => Promise<ClaimTokenView>,
): CardDesk {
  return new CardDesk({
    registry,
    archive,
    caPem,
    createClaimToken,
    listensOn: [mqtt.host, provisioning.host],
  });
}

function openOneClick(
  { oneClick }: CloudConfig,
  { clock, log }: CloudOptions,
  stores: Stores,
  hub: StreamHub,
): OneClick {
  const onDevice = (thing: string) => tellOfThing({ stores, hub, log }, thing);
  return new OneClick({ ...stores, ...oneClick, clock, onDevice });
}

function startRetention(
  config: CloudConfig,
  { clock, log }: CloudOptions,
  { database, telemetry }: Stores,
): Retention {
  const { retentionDays, minuteDays, hourDays, maxMegabytes } = config.telemetry;
  return Retention.start({
    clock,
    log,
    database,
    telemetry,
    limits: {
      maxAgeMs: { raw: retentionDays * dayMs, minute: minuteDays * dayMs, hour: hourDays * dayMs },
      maxBytes: maxMegabytes === undefined ? undefined : maxMegabytes * 1_000_000,
    },
    others: otherData(database, config),
  });
}

/** A host that devices can reach. Without a name in the configuration only this machine is sure. */
function claimHost({ hostNames, provisioning }: CloudConfig): string {
  const anywhere = provisioning.host === '0.0.0.0' || provisioning.host === '::';
  return hostNames[0] ?? (anywhere ? '127.0.0.1' : provisioning.host);
}

/** Beside this file in `dist`; when run from its sources, in the `dist` next to them. */
function builtDashboard(): string {
  const fromSources = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(fromSources ? '../dist/web' : '../web', import.meta.url));
}
