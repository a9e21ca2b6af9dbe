/** Click ingest and dispatcher on a real database, with actions that the test steers. */
import { onTestFinished } from 'vitest';
import type { Action, ActionOutcome, Invocation } from '../../cloud/actions/action.js';
import { ActionCatalog } from '../../cloud/actions/catalog.js';
import { Dispatcher } from '../../cloud/actions/dispatcher.js';
import type { PlacementOfThing } from '../../cloud/actions/event.js';
import type { StartedRun } from '../../cloud/actions/run-store.js';
import { DeviceLife } from '../../cloud/devices/device-life.js';
import { DeviceMethods } from '../../cloud/devices/device-methods.js';
import { ClickIngest } from '../../cloud/ingest/click-ingest.js';
import { ProjectStore } from '../../cloud/projects/project-store.js';
import { Refusals } from '../../cloud/refusals.js';
import { Registry } from '../../cloud/registry/registry.js';
import type { Clock } from '../../core/clock.js';
import type { Database } from '../../core/db/database.js';
import { silentLogger } from '../../core/log.js';
import type { ClickView, RunView } from '../../core/wire/api.js';
import { FakeClock } from './fake-clock.js';

/** Holds every invocation until the test ends it. */
export class SteeredAction implements Action {
  readonly concurrency: number;
  readonly started: Invocation[] = [];
  readonly #ends: ((outcome: ActionOutcome) => void)[] = [];
  /** Answers at once with this instead of waiting. */
  immediately: ActionOutcome | undefined;
  closedWith: ActionOutcome | undefined;

  constructor(concurrency = 1) {
    this.concurrency = concurrency;
  }

  invoke(invocation: Invocation): Promise<ActionOutcome> {
    this.started.push(invocation);
    if (this.immediately) return Promise.resolve(this.immediately);
    return new Promise((resolve) => this.#ends.push(resolve));
  }

  /** Ends the oldest invocation that is under way. */
  end(outcome: ActionOutcome = { ok: true, log: '' }): void {
    this.#ends.shift()?.(outcome);
  }

  async close(): Promise<void> {
    for (const end of this.#ends.splice(0)) if (this.closedWith) end(this.closedWith);
  }
}

export interface ClickPath {
  readonly ingest: ClickIngest;
  readonly dispatcher: Dispatcher;
  readonly registry: Registry;
  readonly states: { setOnClickCallback(thing: string, arn: string): Promise<unknown> };
  readonly methods: DeviceMethods;
  readonly life: DeviceLife;
  readonly projects: ProjectStore;
  readonly clock: Clock & Pick<FakeClock, 'advance'>;
  readonly clicks: ClickView[];
  readonly runs: RunView[];
  readonly settled: { run: StartedRun; outcome: string }[];
  click(id: string, more?: object, thing?: string): Promise<void>;
}

export interface ClickPathOptions {
  readonly actions: Record<string, Action>;
  readonly placements?: Record<string, PlacementOfThing & { onClickCallback: string | undefined }>;
  readonly maxConcurrent?: number;
  readonly retryDelaysMs?: readonly number[];
}

export async function openClickPath(database: Database, options: ClickPathOptions): Promise<ClickPath> {
  const clock = new FakeClock();
  const registry = await Registry.open(database, clock);
  if ((await registry.getThing('door')) === undefined) await registry.createThing('door', 'button');
  const methods = new DeviceMethods(database, registry.types);
  const projects = await ProjectStore.open(database, clock, async () => ['button']);
  const life = new DeviceLife({ database, clock, registry, associations: projects.associations });
  const states = {
    setOnClickCallback: (thing: string, arn: string) =>
      methods.invoke(
        thing,
        { deviceType: 'button', methodName: 'setOnClickCallback' },
        JSON.stringify({ callback: { awsLambdaArn: arn } }),
      ),
  };
  const runs: RunView[] = [];
  const settled: { run: StartedRun; outcome: string }[] = [];
  const clicks: ClickView[] = [];
  const dispatcher = await Dispatcher.open({
    database,
    actions: new ActionCatalog({
      functions: new Map(Object.entries(options.actions)),
      aws: undefined,
      clock,
    }),
    maxConcurrent: options.maxConcurrent ?? 16,
    retryDelaysMs: options.retryDelaysMs ?? [60_000, 120_000],
    clock,
    log: silentLogger,
    onRun: (run) => runs.push(run),
    onSettled: (run, end) =>
      settled.push({ run, outcome: end.state === 'SUCCEEDED' ? 'delivered' : 'failed' }),
  });
  const ingest = new ClickIngest({
    dispatcher,
    placements: { placementOf: (thing) => options.placements?.[thing] },
    types: registry.types,
    region: 'us-west-2',
    refusals: new Refusals(clock),
    clock,
    log: silentLogger,
    onClick: (click) => clicks.push(click),
  });
  onTestFinished(async () => {
    const closing = dispatcher.close();
    clock.advance(10_000);
    for (const action of Object.values(options.actions)) if (action instanceof SteeredAction) endAll(action);
    await closing;
  });
  return {
    ingest,
    dispatcher,
    registry,
    states,
    methods,
    life,
    projects,
    clock,
    clicks,
    runs,
    settled,
    click: (id, more = {}, thing = 'door') => ingest.accept(thing, clickPayload(id, more)),
  };
}

function endAll(action: SteeredAction): void {
  for (let i = action.started.length; i > 0; i--) action.end();
}

export function clickPayload(id: string, more: object = {}): Uint8Array {
  const message = {
    v: 1,
    id,
    seq: 1,
    deviceTime: '2026-01-02T03:04:05.000Z',
    button: 'front',
    clickType: 'SINGLE',
  };
  return Buffer.from(JSON.stringify({ ...message, ...more }), 'utf8');
}
