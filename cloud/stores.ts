/** The parts of the cloud that keep data, opened together on one database. */
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import type { Database } from '../core/db/database.js';
import { openDatabase } from '../core/db/open.js';
import { hasCode } from '../core/errors.js';
import type { Lifetimes } from '../core/lifecycle.js';
import { BackupStore } from './backups/backup-store.js';
import { programFolder } from './cards/boards.js';
import { ProgramArchive } from './cards/program-archive.js';
import type { CloudConfig } from './config.js';
import { cloudMigrations } from './db/migrations.js';
import { Counters } from './devices/counters.js';
import { DeviceLife } from './devices/device-life.js';
import { DeviceMethods } from './devices/device-methods.js';
import { AccessKeys } from './oneclick/access-keys.js';
import { ProjectStore } from './projects/project-store.js';
import { seedProjects } from './projects/seed.js';
import { DeviceTypes } from './registry/device-types.js';
import { Registry } from './registry/registry.js';
import { ReleaseStore } from './releases/release-store.js';
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
  readonly life: DeviceLife;
  readonly methods: DeviceMethods;
  readonly counters: Counters;
  readonly accessKeys: AccessKeys;
  readonly telemetry: TelemetryStore;
  readonly backups: BackupStore;
  readonly shadows: ShadowStore;
  readonly releases: ReleaseStore;
  /** Of this program, for devices that are set up. */
  readonly archive: ProgramArchive;
}

export async function openStores(config: CloudConfig, clock: Clock, lifetimes: Lifetimes): Promise<Stores> {
  const { driver } = config.database;
  const filePath = join(config.dataDir, 'cloud.db');
  const options = { filePath, handsRoomBack: true, ...(driver !== undefined && { driver }) };
  const database = lifetimes.add('database', await openDatabase(options, cloudMigrations));
  const types = new DeviceTypes(config.deviceTypes);
  const registry = await Registry.open(database, clock, types);
  const states = await ThingStates.open(database, clock);
  const typesOf = async (name: string) => {
    const thing = await registry.getThing(name);
    return thing?.claim === 'CLAIMED' ? [thing.type, types.kindOf(thing.type)] : undefined;
  };
  const projects = await ProjectStore.open(database, clock, typesOf);
  const life = new DeviceLife({ database, clock, registry, associations: projects.associations });
  await seedProjects(projects, config.projects, async (name, type) => {
    await ensureThing(registry, name, type);
    // What the configuration puts in a place is its owner's: it needs no claiming.
    await life.adopt(name);
  });
  return {
    database,
    registry,
    states,
    projects,
    things: new ThingDirectory({ database, registry, states, projects }),
    life,
    methods: new DeviceMethods(database, types),
    counters: new Counters(database),
    accessKeys: await AccessKeys.open(database, config.dataDir, clock),
    telemetry: await TelemetryStore.open(database),
    backups: new BackupStore(database),
    shadows: new ShadowStore(database, clock),
    releases: new ReleaseStore({ database, clock, directory: join(config.dataDir, 'artifacts') }),
    archive: new ProgramArchive({ directory: join(config.dataDir, 'install'), programFolder, clock }),
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
