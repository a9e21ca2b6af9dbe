/** The parts of the cloud that keep data, opened together on one database. */
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import type { Database } from '../core/db/database.js';
import { openDatabase } from '../core/db/open.js';
import { hasCode } from '../core/errors.js';
import type { Lifetimes } from '../core/lifecycle.js';
import { BackupStore } from './backups/backup-store.js';
import type { CloudConfig } from './config.js';
import { cloudMigrations } from './db/migrations.js';
import { ProjectStore } from './projects/project-store.js';
import { seedProjects } from './projects/seed.js';
import { Registry } from './registry/registry.js';
import { ShadowStore } from './shadow/shadow-store.js';
import { TelemetryStore } from './telemetry/telemetry-store.js';
import { ThingDirectory } from './things/thing-directory.js';
import { ThingStates } from './things/thing-states.js';

export interface Stores {
  readonly database: Database;
  readonly registry: Registry;
  readonly states: ThingStates;
  readonly projects: ProjectStore;
  readonly things: ThingDirectory;
  readonly telemetry: TelemetryStore;
  readonly backups: BackupStore;
  readonly shadows: ShadowStore;
}

export async function openStores(config: CloudConfig, clock: Clock, lifetimes: Lifetimes): Promise<Stores> {
  const { driver } = config.database;
  const filePath = join(config.dataDir, 'cloud.db');
  const options = { filePath, ...(driver !== undefined && { driver }) };
  const database = lifetimes.add('database', await openDatabase(options, cloudMigrations));
  const registry = await Registry.open(database, clock);
  const states = await ThingStates.open(database, clock);
  const typeOf = async (thing: string) => (await registry.getThing(thing))?.type;
  const projects = await ProjectStore.open(database, clock, typeOf);
  await seedProjects(projects, config.projects, (name, type) => ensureThing(registry, name, type));
  return {
    database,
    registry,
    states,
    projects,
    things: new ThingDirectory({ registry, states, projects }),
    telemetry: await TelemetryStore.open(database),
    backups: new BackupStore(database),
    shadows: new ShadowStore(database, clock),
  };
}

/** Makes the thing unless it exists. @throws THING_NAME_INVALID, DEVICE_TYPE_UNKNOWN */
export async function ensureThing(registry: Registry, name: string, type: string): Promise<void> {
  try {
    await registry.createThing(name, type);
  } catch (error) {
    if (!hasCode(error, 'THING_EXISTS')) throw error;
  }
}
