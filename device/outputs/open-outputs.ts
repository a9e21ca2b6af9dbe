/** Opens the outputs and puts them to work: shadow, connection and presses on the one side, lines on the other. */
import { join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import type { Lifetimes } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { FeedbackMessage } from '../../core/wire/messages.js';
import type { GpioChip } from '../../hardware/ports.js';
import type { AgentConfig } from '../config.js';
import type { Recorder } from '../recorder.js';
import type { DesiredState } from '../shadow/desired-state.js';
import { Outputs } from './outputs.js';
import { PressFeedback } from './press-feedback.js';

export interface OutputSurroundings {
  readonly config: Pick<AgentConfig, 'dataDir' | 'outputs' | 'buttons'>;
  readonly chip: GpioChip;
  readonly recorder: Recorder;
  readonly shadow: DesiredState;
  readonly link: {
    readonly connected: boolean;
    onChange(listener: () => void): () => void;
    /** Says in the retained status what is switched on. */
    sayStatus(): void;
  };
  readonly clock: Clock;
  readonly log: Logger;
}

export interface OpenedOutputs {
  readonly outputs: Outputs;
  /** Takes the cloud's word on presses. */
  readonly feedback: (message: FeedbackMessage) => void;
}

/** @throws LINE_UNKNOWN, LINE_BUSY, GPIO_DENIED. */
export async function openOutputs(around: OutputSurroundings, lifetimes: Lifetimes): Promise<OpenedOutputs> {
  const { config, chip, recorder, shadow, link, clock, log } = around;
  const doneFile = join(config.dataDir, 'output-commands.json');
  const outputs = await Outputs.open({ chip, outputs: config.outputs, doneFile, clock, log });
  lifetimes.add('outputs', outputs);
  const feedback = lifetimes.add('press feedback', new PressFeedback(outputs, config.buttons, clock));
  if (config.outputs.length === 0) return { outputs, feedback: () => {} };
  const tell = () => {
    shadow.report('outputs', outputs.report());
    link.sayStatus();
  };
  let wasConnected = link.connected;
  const follow = () => {
    if (link.connected === wasConnected) return;
    wasConnected = link.connected;
    outputs.connected(wasConnected);
  };
  const undo = [
    recorder.onClick(({ id, button }) => feedback.pressed(id, button)),
    shadow.onDesired('outputs', (value) => outputs.desire(value)),
    outputs.onChange(tell),
    link.onChange(follow),
  ];
  lifetimes.defer('output wiring', () => {
    for (const take of undo) take();
  });
  shadow.report('outputs', outputs.report());
  return { outputs, feedback: (message) => feedback.came(message) };
}
