/** Puts together what the dashboard shows of a thing: registry, state, life left, certificates, place. */
import type { ThingView } from '../../core/wire/api.js';
import type { ProjectStore } from '../projects/project-store.js';
import { remainingLife } from '../registry/device-types.js';
import { thingUnknown } from '../registry/errors.js';
import type { Registry, Thing } from '../registry/registry.js';
import type { ThingStates } from './thing-states.js';

export interface ThingDirectoryParts {
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
    const thing = await this.#parts.registry.getThing(name);
    if (thing === undefined) throw thingUnknown(name);
    return this.#viewOf(thing);
  }

  /** By name. */
  async list(): Promise<ThingView[]> {
    const views: ThingView[] = [];
    for (const thing of await this.#parts.registry.listThings()) views.push(await this.#viewOf(thing));
    return views;
  }

  async #viewOf({ name, type, enabled }: Thing): Promise<ThingView> {
    const { registry, states, projects } = this.#parts;
    const state = states.get(name);
    const { clicks } = await states.facts(name);
    const slot = projects.slotOf(name);
    return {
      name,
      type,
      online: state.online,
      lastSeen: state.lastSeenMs === null ? null : new Date(state.lastSeenMs).toISOString(),
      enabled,
      remainingLife: remainingLife(type, clicks),
      certificates: registry.certificatesOf(name).map(({ id, status, notAfterMs }) => ({
        id,
        status,
        notAfter: new Date(notAfterMs).toISOString(),
      })),
      buttons: state.buttons.map((button) => ({ ...button })),
      gpioRoute: state.gpioRoute,
      i2cRoute: state.i2cRoute,
      placement: slot ? { ...slot } : null,
    };
  }
}
