/** Puts together what the dashboard shows of a thing: registry, state, life left, certificates, place. */
import type { Database } from '../../core/db/database.js';
import type { ThingView } from '../../core/wire/api.js';
import type { ProjectStore } from '../projects/project-store.js';
import { thingUnknown } from '../registry/errors.js';
import type { Registry } from '../registry/registry.js';
import { lifeLeft, listFacts, readFacts, type ThingFacts, type ThingPage } from './thing-facts.js';
import type { ThingStates } from './thing-states.js';

export interface ThingDirectoryParts {
  readonly database: Database;
  readonly registry: Registry;
  readonly states: ThingStates;
  readonly projects: ProjectStore;
}

export class ThingDirectory {
  readonly #parts: ThingDirectoryParts;

  constructor(parts: ThingDirectoryParts) {
    this.#parts = parts;
  }

  /** @throws THING_UNKNOWN */
  async view(name: string): Promise<ThingView> {
    const facts = await readFacts(this.#parts.database, name);
    if (facts === undefined) throw thingUnknown(name);
    return this.#viewOf(facts);
  }

  /** By name. */
  async list(page: ThingPage): Promise<ThingView[]> {
    return (await listFacts(this.#parts.database, page)).map((facts) => this.#viewOf(facts));
  }

  /** How many things there are. */
  async count(): Promise<number> {
    const row = await this.#parts.database.get<{ n: number }>('SELECT COUNT(*) AS n FROM thing');
    return row?.n ?? 0;
  }

  #viewOf(facts: ThingFacts): ThingView {
    const { registry, states, projects } = this.#parts;
    const { name, type, claim, enabled, tags, version } = facts;
    const state = states.get(name);
    const slot = projects.slotOf(name);
    return {
      name,
      type,
      claim,
      online: state.online,
      lastSeen: state.lastSeenMs === null ? null : new Date(state.lastSeenMs).toISOString(),
      enabled,
      tags: { ...tags },
      version,
      remainingLife: lifeLeft(registry.types, facts),
      certificates: registry.certificatesOf(name).map(({ id, status, notAfterMs }) => ({
        id,
        status,
        notAfter: new Date(notAfterMs).toISOString(),
      })),
      buttons: state.buttons.map((button) => ({ ...button })),
      outputs: state.outputs.map((output) => ({ ...output })),
      gpioRoute: state.gpioRoute,
      i2cRoute: state.i2cRoute,
      placement: slot ? { ...slot } : null,
    };
  }
}
