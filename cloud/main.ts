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
import { ActionDesk } from './actions/action-desk.js';
import { ActionCatalog } from './actions/catalog.js';
import { DeadLetters } from './actions/dead-letters.js';
import { Dispatcher } from './actions/dispatcher.js';
import { openActions } from './actions/open-actions.js';
import { AwsClients } from './aws/aws-clients.js';
import type { CloudConfig } from './config.js';
import { openFleet } from './fleet.js';
import { loadApiToken } from './http/api-token.js';
import { createApp } from './http/app.js';
import { HttpServer } from './http/server.js';
import { StreamHub } from './http/stream-hub.js';
import {
  followConnections,
  type Links,
  openIngest,
  publishOn,
  sendCommand,
  sendFeedback,
  tellOfThing,
} from './intake.js';
import { openListeners } from './listeners.js';
import { OneClick } from './oneclick/one-click.js';
import type { ProvisioningServer } from './provisioning/server.js';
import { ensureThing, openStores, type Stores } from './stores.js';
import { Retention } from './telemetry/retention.js';
import { switchRemotely } from './things/remote-output.js';

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
  const { region } = config.oneClick;
  const hub = new StreamHub(clock);
  const links: Links = {};
  const dispatcher = await openDispatcher(config, options, stores, hub, links, lifetimes);
  const fleet = await openFleet({ stores, links, hub, authority, clock, log }, lifetimes);
  const ingest = openIngest({ stores, dispatcher, hub, links, fleet, clock, log, region }, lifetimes);
  const parts = { config, authority, ...stores, ingest, claims: fleet.enrolment, clock, log };
  const { broker, provisioning } = await openListeners(parts, lifetimes);
  links.broker = broker;
  followConnections(broker, { stores, hub, log });

  const createClaimToken = claimTokens(config, stores, authority, provisioning);
  const deadLetters = new DeadLetters(stores.database, dispatcher, clock);
  const app = createApp({
    services: {
      ...stores,
      version,
      startedMs,
      clock,
      log: log.with({ part: 'http' }),
      token,
      runs: dispatcher.runs,
      deadLetters,
      actionDesk: openDesk(config, options, stores, dispatcher, deadLetters),
      hub,
      ...fleet,
      oneClick: openOneClick(config, options, stores, hub),
      publicUrl: (requestUrl) => config.http.publicUrl ?? new URL(requestUrl).origin,
      publishCommand: (thing, command) => broker.publish(thing, 'command', JSON.stringify(command)),
      createClaimToken,
    },
    boundTo: config.http.host,
    allowedHosts: config.http.allowedHosts,
    webDirectory: config.web.directory ?? builtDashboard(),
  });
  const http = lifetimes.add('http', await HttpServer.open({ ...config.http, app, clock }));
  lifetimes.add('event stream', hub);
  lifetimes.add('retention', startRetention(config, options, stores, dispatcher));
  log.info('cloud serves', {
    http: http.url,
    mqtt: broker.address.port,
    provisioning: provisioning.address.port,
  });
  return {
    httpUrl: http.url,
    mqttPort: broker.address.port,
    provisioningPort: provisioning.address.port,
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

function openDesk(
  { functions, oneClick }: CloudConfig,
  { clock }: CloudOptions,
  stores: Stores,
  dispatcher: Dispatcher,
  deadLetters: DeadLetters,
): ActionDesk {
  const { region } = oneClick;
  return new ActionDesk({ ...stores, functions, dispatcher, deadLetters, clock, region });
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

async function openDispatcher(
  config: CloudConfig,
  { clock, log }: CloudOptions,
  { database, states }: Stores,
  hub: StreamHub,
  links: Links,
  lifetimes: Lifetimes,
): Promise<Dispatcher> {
  const { functions, smtp } = config;
  const actionLog = log.with({ part: 'actions' });
  const aws = lifetimes.add('AWS clients', new AwsClients(config.aws ?? {}));
  const actions = await openActions({
    functions,
    smtp,
    environment: process.env,
    aws,
    publish: (topic, payload, settings) => publishOn(links, topic, payload, settings),
    switchOutput: (thing, request, id) =>
      switchRemotely(states, (to, command) => sendCommand(links, to, command), thing, request, id),
    clock,
    log: actionLog,
  });
  // The dispatcher closes them too, after its runs; this is for a start that fails half-way.
  for (const [name, action] of actions) lifetimes.add(`function ${name}`, action);
  const dispatcher = await Dispatcher.open({
    database,
    actions: new ActionCatalog({ functions: actions, aws: config.aws && aws, clock }),
    ...config.actions,
    clock,
    log: actionLog,
    onRun: (run) => hub.publish({ type: 'run', data: run }),
    onSettled: ({ source, thing }, outcome) => {
      if (source.kind !== 'click' || thing === null) return;
      sendFeedback(links, log, thing, { v: 1, id: source.id, outcome });
    },
  });
  return lifetimes.add('actions', dispatcher);
}

function startRetention(
  config: CloudConfig,
  { clock, log }: CloudOptions,
  { telemetry }: Stores,
  { runs }: Dispatcher,
): Retention {
  return Retention.start({
    clock,
    log,
    maxAgeMs: config.telemetry.retentionDays * dayMs,
    sweepers: [
      (beforeMs, limit) => telemetry.deleteBefore('raw', beforeMs, limit),
      (beforeMs, limit) => runs.deleteLogsBefore(beforeMs, limit),
    ],
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
