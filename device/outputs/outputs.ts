/**
 * The outputs of this device: lamps, buzzers, relays. They are told what to do by the shadow
 * (`desired.outputs.NAME`), by commands, and by what becomes of a press; they are off at the start, at
 * the end, and, where so configured, after some time without a connection.
 */
import type { Clock, Timer } from '../../core/clock.js';
import { isJsonObject, type JsonValue, memberOf } from '../../core/json.js';
import { type Closeable, Lifetimes } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import { desiredOutput, type OutputAction } from '../../core/wire/messages.js';
import type { GpioChip } from '../../hardware/ports.js';
import { outputUnknown } from '../errors.js';
import { DoneIds } from './done-ids.js';
import { Output, type OutputPattern } from './output.js';
import type { OutputConfig } from './output-config.js';

export interface OutputsOptions {
  readonly chip: GpioChip;
  readonly outputs: readonly OutputConfig[];
  /** Where ids of pulses are kept. */
  readonly doneFile: string;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Slot {
  readonly config: OutputConfig;
  readonly output: Output;
  /** What the shadow last asked for; taken up again after a connection was lost. */
  desired: 'on' | 'off' | undefined;
  lastPulse: string | undefined;
  refused: string | undefined;
}

export class Outputs implements Closeable {
  readonly #options: OutputsOptions;
  readonly #lifetimes: Lifetimes;
  readonly #slots = new Map<string, Slot>();
  readonly #listeners = new Set<() => void>();
  readonly #done: DoneIds;
  #offlineTimers: Timer[] = [];

  private constructor(options: OutputsOptions, done: DoneIds) {
    this.#options = options;
    this.#done = done;
    this.#lifetimes = new Lifetimes(options.log);
  }

  /** Opens every line, off. @throws LINE_UNKNOWN, LINE_BUSY, GPIO_DENIED. */
  static async open(options: OutputsOptions): Promise<Outputs> {
    const opened = new Outputs(options, await DoneIds.open(options.doneFile, options.log));
    try {
      for (const config of options.outputs) await opened.#add(config);
      return opened;
    } catch (error) {
      await opened.close().catch(() => {});
      throw error;
    }
  }

  /** Called when an output was switched, or a pulse began or ended. Returns the undo. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  list(): { readonly name: string; readonly on: boolean }[] {
    return [...this.#slots.values()].map(({ output }) => ({ name: output.name, on: output.state.on }));
  }

  /** What the shadow shows as `reported.outputs`. */
  report(): JsonValue {
    const entries = [...this.#slots].map(([name, { output, lastPulse, refused }]) => {
      const { on, cause } = output.state;
      const more = { ...(lastPulse && { lastPulse }), ...(refused && { refused }) };
      return [name, { state: on ? 'on' : 'off', cause, ...more }] as const;
    });
    return Object.fromEntries(entries);
  }

  /** Carries out one command; the same `id` a second time does nothing. @throws OUTPUT_UNKNOWN. */
  async command(id: string, name: string, action: OutputAction, pulseMs: number | undefined): Promise<void> {
    const slot = this.#slot(name);
    if (!(await this.#done.claim(id))) return;
    const { log } = this.#options;
    log.info('output by command', { output: name, action });
    if (action === 'pulse') this.#pulse(slot, id, pulseMs ?? slot.config.pulseMs);
    else slot.output.switch(action === 'on');
  }

  /** Takes what the shadow holds under `desired.outputs`. */
  desire(value: JsonValue | undefined): void {
    if (!isJsonObject(value)) return;
    for (const slot of this.#slots.values()) {
      const wanted = memberOf(value, slot.output.name);
      if (wanted !== undefined) this.#desireOne(slot, wanted);
    }
  }

  play(name: string, pattern: OutputPattern): void {
    this.#slots.get(name)?.output.play(pattern);
  }

  settle(name: string): void {
    this.#slots.get(name)?.output.settle();
  }

  /** Starts or ends the time after which outputs go off without a connection. */
  connected(isConnected: boolean): void {
    for (const timer of this.#offlineTimers) timer.cancel();
    this.#offlineTimers = [];
    for (const slot of this.#slots.values()) {
      if (isConnected) {
        const wasLost = slot.output.state.cause === 'offline';
        if (wasLost && slot.desired === 'on') slot.output.switch(true);
      } else this.#armOffline(slot);
    }
  }

  /** Everything off. */
  async close(): Promise<void> {
    for (const timer of this.#offlineTimers) timer.cancel();
    this.#listeners.clear();
    await this.#lifetimes.close();
  }

  #armOffline({ config, output }: Slot): void {
    const { offAfterOfflineMs } = config;
    if (offAfterOfflineMs === undefined) return;
    const { clock, log } = this.#options;
    const timer = clock.after(offAfterOfflineMs, () => {
      if (!output.state.on) return;
      log.warn('output switched off: no connection', { output: output.name, offAfterOfflineMs });
      output.switch(false, 'offline');
    });
    this.#offlineTimers.push(timer);
  }

  #desireOne(slot: Slot, value: JsonValue): void {
    const { output, config } = slot;
    const wanted = desiredOutput.safeParse(value);
    slot.refused = wanted.success ? undefined : 'say "on", "off" or { "pulse": ms, "id": "..." }';
    const { data } = wanted;
    if (data === undefined) {
      this.#changed();
      return;
    }
    if (data === 'on' || data === 'off') {
      // The shadow tells all outputs again when one of them changes.
      if (slot.desired !== data) output.switch(data === 'on');
      slot.desired = data;
      return;
    }
    slot.desired = undefined;
    this.#done.claim(data.id).then(
      (isNew) => isNew && this.#pulse(slot, data.id, data.pulse ?? config.pulseMs),
      (error: unknown) => this.#options.log.error('pulse not begun', { output: output.name, error }),
    );
  }

  #pulse(slot: Slot, id: string, durationMs: number): void {
    slot.lastPulse = id;
    slot.output.pulse(durationMs);
    this.#changed();
  }

  async #add(config: OutputConfig): Promise<void> {
    const { chip, clock, log } = this.#options;
    const { name, pin, activeLow, maxOnMs } = config;
    const line = await chip.output({ pin, activeLow });
    const output = new Output({ name, line, maxOnMs, clock, log, onChange: () => this.#changed() });
    this.#lifetimes.add(`output ${name}`, output);
    this.#slots.set(name, { config, output, desired: undefined, lastPulse: undefined, refused: undefined });
    this.#armOffline({ config, output } as Slot);
  }

  #slot(name: string): Slot {
    const slot = this.#slots.get(name);
    if (slot === undefined) throw outputUnknown(name, [...this.#slots.keys()]);
    return slot;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
