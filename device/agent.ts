/** The running agent as its owner sees it: state, events, presses and its end. */
import { interrupted } from '../core/errors.js';
import type { Closeable, Lifetimes } from '../core/lifecycle.js';
import type { ClickType, StatusMessage } from '../core/wire/messages.js';
import type { GpioChip } from '../hardware/ports.js';
import type { Buttons } from './buttons.js';
import type { CloudLink } from './cloud-link.js';
import type { AgentConfig } from './config.js';
import type { Outbox, OutboxState } from './outbox.js';
import type { Outputs } from './outputs/outputs.js';
import type { Recorder, StoredClick } from './recorder.js';
import { roverMissing } from './rover/errors.js';
import type { Rover } from './rover/rover.js';
import type { SensorBus } from './sensors.js';
import type { DesiredState } from './shadow/desired-state.js';
import type { MqttLibrary } from './transport/transport.js';

export interface AgentStatus {
  /** Undefined until the device is provisioned. */
  readonly thing: string | undefined;
  readonly connected: boolean;
  /** Why there is no connection yet, with what to do about it. */
  readonly problem:
    | { readonly code: string; readonly message: string; readonly hint: string | undefined }
    | undefined;
  readonly protocol: '3.1.1' | '5';
  /** Undefined until there is an identity to connect with. */
  readonly library: MqttLibrary | undefined;
  readonly gpioRoute: string;
  /** Undefined while no bus has been opened. */
  readonly i2cRoute: string | undefined;
  readonly buttons: readonly { readonly name: string; readonly pin: string; readonly simulated: boolean }[];
  readonly outputs: readonly { readonly name: string; readonly on: boolean }[];
  readonly sensors: readonly string[];
  readonly outbox: OutboxState;
  readonly inFlight: number;
  readonly startedAt: string;
}

export interface AgentMembers {
  readonly config: AgentConfig;
  readonly startedAt: string;
  readonly lifetimes: Lifetimes;
  readonly outbox: Outbox;
  readonly recorder: Recorder;
  readonly chip: GpioChip;
  readonly buttons: Buttons;
  readonly outputs: Outputs;
  readonly sensorBus: SensorBus;
  readonly link: CloudLink;
  readonly desiredState: DesiredState;
  readonly rover: Rover | undefined;
}

export class Agent implements Closeable {
  readonly #members: AgentMembers;

  constructor(members: AgentMembers) {
    this.#members = members;
  }

  get thing(): string | undefined {
    return this.#members.link.thing;
  }

  /** The device's shadow, for parts that act on what is desired and say what is so. */
  get desiredState(): DesiredState {
    return this.#members.desiredState;
  }

  /** @throws ROVER_MISSING */
  get rover(): Rover {
    const { rover } = this.#members;
    if (rover === undefined) throw roverMissing();
    return rover;
  }

  status(): AgentStatus {
    const { config, chip, sensorBus, buttons, outputs, link, outbox, startedAt } = this.#members;
    const { problem } = link;
    return {
      thing: link.thing,
      connected: link.connected,
      problem: problem && { code: problem.code, message: problem.message, hint: problem.hint },
      protocol: config.mqtt.protocol,
      library: link.library,
      gpioRoute: chip.route,
      i2cRoute: sensorBus.route,
      buttons: config.buttons.map(({ name, pin }) => ({ name, pin, simulated: buttons.simulated })),
      outputs: outputs.list(),
      sensors: config.sensors.map(({ name }) => name),
      outbox: outbox.totals,
      inFlight: link.inFlight,
      startedAt,
    };
  }

  /** What the cloud is told of this agent. */
  wireStatus(): Omit<StatusMessage, 'v' | 'online'> {
    const { startedAt, gpioRoute, i2cRoute, buttons, outputs } = this.status();
    return {
      startedAt,
      gpioRoute,
      buttons: buttons.map(({ name, simulated }) => ({ name, simulated })),
      ...(outputs.length === 0 ? {} : { outputs: [...outputs] }),
      ...(i2cRoute === undefined ? {} : { i2cRoute }),
    };
  }

  /**
   * Plays a press on a simulated line; resolves when the button is up and its click is decided.
   * @throws BUTTON_UNKNOWN, BUTTON_REAL, INTERRUPTED when the agent closes first.
   */
  async press(button: string, pattern: ClickType = 'SINGLE'): Promise<void> {
    await this.#members.buttons.press(button, pattern);
  }

  /** Called for every click once it is safe on disk. Returns the undo. */
  onClick(listener: (click: StoredClick) => void): () => void {
    return this.#members.recorder.onClick(listener);
  }

  /** Called when `status().thing`, `.connected` or `.problem` may have changed. Returns the undo. */
  onChange(listener: () => void): () => void {
    return this.#members.link.onChange(listener);
  }

  /** Resolves when the agent is connected. @throws INTERRUPTED when `signal` aborts first. */
  whenConnected(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (settle: () => void) => {
        undo();
        signal?.removeEventListener('abort', onAbort);
        settle();
      };
      const check = () => {
        if (this.#members.link.connected) done(resolve);
      };
      const onAbort = () => done(() => reject(interrupted(signal?.reason)));
      const undo = this.onChange(check);
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
      else check();
    });
  }

  /** Resolves when everything stored has been acknowledged; at once while not provisioned. */
  async drained(): Promise<void> {
    await this.#members.link.drained();
  }

  /** Stops lines and sensors, sends what it can within 2 s, says offline and lets go of everything. */
  close(): Promise<void> {
    return this.#members.lifetimes.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
