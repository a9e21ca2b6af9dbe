/**
 * Opens the agent for `gatehouse up`, which must come up on every machine: where a board's lines cannot
 * be reached by the route that `auto` stands for, it simulates them and says so. An agent that runs as
 * a service has no use for that: it fails with the reason.
 */
import { type GatehouseError, hasCode } from '../core/errors.js';
import type { AgentConfig } from '../device/config.js';

const unreachable = ['GPIO_NO_CHIP', 'HARDWARE_PACKAGE_MISSING'];

export interface OpenedAgent<T> {
  readonly agent: T;
  /** Why lines are simulated although this is a board; undefined when they are not. */
  readonly reason: GatehouseError | undefined;
}

/** @throws what `open` throws, but for lines out of reach under the route `auto`. */
export async function openOrSimulate<T>(
  config: AgentConfig,
  open: (config: AgentConfig) => Promise<T>,
): Promise<OpenedAgent<T>> {
  try {
    return { agent: await open(config), reason: undefined };
  } catch (error) {
    const reason = unreachable.map((code) => (hasCode(error, code) ? error : undefined)).find(Boolean);
    if (reason === undefined || config.gpio.route !== 'auto') throw error;
    return { agent: await open({ ...config, gpio: { route: 'simulated' } }), reason };
  }
}
