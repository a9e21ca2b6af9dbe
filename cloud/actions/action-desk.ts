/** Actions as the API shows them: which there are, how busy they are, and starting one by hand. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import type { ActionView, RunActionRequest } from '../../core/wire/actions.js';
import type { ProjectStore } from '../projects/project-store.js';
import type { Registry } from '../registry/registry.js';
import type { DeadLetters } from './dead-letters.js';
import type { Dispatcher } from './dispatcher.js';
import { functionUnknown } from './errors.js';
import { buildClickEvent } from './event.js';
import type { FunctionsConfig } from './function-config.js';
import type { Submitted } from './run-intake.js';

export interface ActionDeskOptions {
  readonly functions: FunctionsConfig;
  readonly dispatcher: Dispatcher;
  readonly deadLetters: DeadLetters;
  readonly registry: Registry;
  readonly projects: ProjectStore;
  readonly clock: Clock;
  /** The region that events name. */
  readonly region: string;
}

export class ActionDesk {
  readonly #options: ActionDeskOptions;

  constructor(options: ActionDeskOptions) {
    this.#options = options;
  }

  /** The functions of the configuration, and whatever else has failed runs; by name. */
  async list(): Promise<ActionView[]> {
    const { functions, dispatcher, deadLetters } = this.#options;
    const failed = await deadLetters.counts();
    const names = [...new Set([...Object.keys(functions), ...failed.keys()])].sort();
    return names.map((name) => ({
      name,
      kind: functions[name]?.kind ?? 'unknown',
      concurrency: functions[name]?.concurrency ?? null,
      ...dispatcher.load(name),
      failed: failed.get(name) ?? 0,
    }));
  }

  /** Resolves when the run is durable and under way, or queued. @throws FUNCTION_UNKNOWN, DATABASE_* */
  async run(request: RunActionRequest): Promise<Submitted> {
    const { dispatcher } = this.#options;
    const { target, thing } = request;
    if (!dispatcher.knows(target)) throw functionUnknown(target);
    const event = JSON.stringify(request.event ?? (await this.#clickOf(thing)));
    const source = { kind: 'manual', id: request.id ?? randomUUID() } as const;
    return dispatcher.submit({ source, thing: thing ?? null, target, event });
  }

  /** The event of a click that nobody made; of the thing where it exists. */
  async #clickOf(thing: string | undefined): Promise<object> {
    const { registry, projects, clock, region } = this.#options;
    const known = thing === undefined ? undefined : await registry.getThing(thing);
    return buildClickEvent({
      thing: thing ?? 'by-hand',
      type: registry.types.kindOf(known?.type ?? 'button'),
      clickType: 'SINGLE',
      receivedMs: clock.now(),
      remainingLife: 100,
      placement: thing === undefined ? undefined : projects.placementOf(thing),
      region,
    });
  }
}
