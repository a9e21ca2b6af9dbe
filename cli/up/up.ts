/**
 * Runs the whole of Gatehouse on one machine. Starts backend, agent and gateway in that order, each
 * as a process of its own, restarts what dies, and stops them in reverse so that nothing is cut short.
 */

import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { basename } from 'node:path';
import { sleep } from '../../core/clock.js';
import { hasCode } from '../../core/errors.js';
import { writeFileDurably } from '../../core/files.js';
import { InstanceLock } from '../../core/instance-lock.js';
import { type Lifetimes, opening } from '../../core/lifecycle.js';
import type { ThingView } from '../../core/wire/api.js';
import { ApiClient } from '../api-client.js';
import { loginLink } from '../commands/dashboard.js';
import { type Context, stopped } from '../context.js';
import { Child, type ReadyMessage } from './child.js';
import { type Ports, sampleThing, writeDefaults } from './default-configs.js';
import { follow } from './follow.js';
import { openKeyboard } from './keyboard.js';
import { type Layout, layoutOf } from './layout.js';

export interface UpOptions {
  readonly dataDirectory: string;
  /** The `gatehouse` command file, for the children. */
  readonly entryPoint: string;
  readonly input: NodeJS.ReadStream;
  /** Only what was asked for; the configuration decides the rest. */
  readonly ports: Partial<Ports>;
}

interface Backend {
  readonly api: ApiClient;
  readonly httpUrl: string;
  readonly apiToken: string;
  readonly mqttPort: number;
}

export async function runUp(context: Context, options: UpOptions): Promise<void> {
  const layout = layoutOf(options.dataDirectory);
  const { terminal } = context;
  const running = await opening(async (lifetimes) => {
    lifetimes.add('instance lock', await InstanceLock.acquire(layout.root, 'up'));
    await writeDefaults(layout);
    const house = new House(context, options, layout, lifetimes);
    const backend = await house.startBackend();
    await house.startAgent(backend);
    await house.startGateway(backend);
    return { lifetimes, backend };
  }, context.log);
  const { lifetimes, backend } = running;
  greet(context, layout, backend, commandOf(options.entryPoint));
  const quit = new AbortController();
  const keyboard = openKeyboard(options.input, (key) => void onKey(context, backend.api, key, quit));
  const end = Promise.race([stopped(context.signal), stopped(quit.signal)]);
  await follow(context, backend.api, AbortSignal.any([context.signal, quit.signal]), end);
  keyboard?.close();
  terminal.note('Stopping: the agent, then backups, then the backend ...');
  await lifetimes.close();
  terminal.note('All stopped.');
}

const onlineLimitMs = 10_000;
const onlinePollMs = 50;

/** The three children with what each needs on its command line. */
class House {
  readonly #context: Context;
  readonly #options: UpOptions;
  readonly #layout: Layout;
  readonly #lifetimes: Lifetimes;
  readonly #logFile: WriteStream;

  constructor(context: Context, options: UpOptions, layout: Layout, lifetimes: Lifetimes) {
    this.#context = context;
    this.#options = options;
    this.#layout = layout;
    this.#lifetimes = lifetimes;
    this.#logFile = createWriteStream(layout.logFile, { flags: 'a', mode: 0o600 });
    lifetimes.defer('log file', () => endStream(this.#logFile));
  }

  async startBackend(): Promise<Backend> {
    // Port 0 means any free one at the first start, and that same one after a restart.
    let ports = this.#options.ports;
    const ready = await this.#start('cloud', () => [
      '--config',
      this.#layout.configs.cloud,
      ...flag('--http-port', ports.http),
      ...flag('--mqtt-port', ports.mqtt),
      ...flag('--provisioning-port', ports.provisioning),
    ]);
    const httpUrl = String(ready['httpUrl']);
    ports = {
      http: Number(new URL(httpUrl).port),
      mqtt: Number(ready['mqttPort']),
      provisioning: Number(ready['provisioningPort']),
    };
    const apiToken = String(ready['apiToken']);
    return {
      httpUrl,
      apiToken,
      mqttPort: Number(ready['mqttPort']),
      api: new ApiClient({ url: httpUrl, token: apiToken }),
    };
  }

  async startAgent(backend: Backend): Promise<void> {
    await this.#provideClaimToken(backend.api);
    const args = ['--config', this.#layout.configs.agent, ...flag('--mqtt-port', backend.mqttPort)];
    const ready = await this.#start('agent', () => [...args, '--simulate-missing']);
    if (ready['simulating']) {
      this.#context.terminal.note(`Buttons are simulated: ${ready['simulating']}`);
      if (ready['remedy']) this.#context.terminal.note(`  ${ready['remedy']}`);
    }
    await this.#agentOnline(backend.api);
  }

  /** So that the first press after the greeting finds a device; one that stays away is no reason to stop. */
  async #agentOnline(api: ApiClient): Promise<void> {
    const { clock, signal, log } = this.#context;
    const untilMs = clock.monotonicMs() + onlineLimitMs;
    while (clock.monotonicMs() < untilMs) {
      const { online, buttons } = await api.get<ThingView>(`/things/${sampleThing}`);
      if (online && buttons.length > 0) return;
      await sleep(clock, onlinePollMs, signal);
    }
    log.warn('the agent has not connected yet; see the log', { limitMs: onlineLimitMs });
  }

  async startGateway(backend: Backend): Promise<void> {
    const args = ['--config', this.#layout.configs.gateway, '--report-url', backend.httpUrl];
    await this.#start('gateway', () => args);
  }

  /** A token is there for an agent that has no certificate yet; one that has ignores it. */
  async #provideClaimToken(api: ApiClient): Promise<void> {
    const thing = await api.get<ThingView>(`/things/${sampleThing}`).catch((error: unknown) => {
      if (hasCode(error, 'THING_UNKNOWN')) return undefined;
      throw error;
    });
    if (thing === undefined) await api.post('/things', { name: sampleThing, type: 'button' });
    if (thing?.certificates.some(({ status }) => status === 'ACTIVE')) return;
    const { claimToken } = await api.post<{ claimToken: string }>(`/things/${sampleThing}/claim-token`);
    await writeFileDurably(this.#layout.claimToken, `${claimToken}\n`);
  }

  async #start(name: string, args: () => readonly string[]): Promise<ReadyMessage> {
    const { log, clock, terminal } = this.#context;
    const { child, ready } = await Child.open({
      name,
      args: () => [name, 'run', '--data', this.#layout.root, ...args()],
      entryPoint: this.#options.entryPoint,
      clock,
      log,
      onLine: (line) => this.#logFile.write(`${name.padEnd(7)} ${line}\n`),
      onEnd: (reason) => terminal.note(`The ${name} program ended (${reason}); starting it again.`),
    });
    this.#lifetimes.add(name, child);
    return ready;
  }
}

function flag(name: string, value: number | undefined): string[] {
  return value === undefined ? [] : [name, String(value)];
}

async function endStream(stream: WriteStream): Promise<void> {
  const done = once(stream, 'close');
  stream.end();
  await done;
}

function greet({ terminal }: Context, layout: Layout, backend: Backend, command: string): void {
  const link = loginLink(backend.httpUrl, backend.apiToken);
  if (terminal.json) {
    terminal.printJson({ message_type: 'ready', url: backend.httpUrl, link, data: layout.root });
    return;
  }
  const strong = (text: string) => terminal.style('bold', text);
  terminal.print('');
  terminal.print(`  ${strong('Gatehouse is up.')}  Dashboard: ${terminal.style('cyan', link)}`);
  terminal.print('');
  terminal.print(
    `  ${strong('space')} single click   ${strong('d')} double   ${strong('l')} long   ${strong('q')} quit`,
  );
  terminal.print(`  Or from another terminal: ${command} device press ${sampleThing} --data ${layout.root}`);
  terminal.print(`  What a click runs:        ${layout.lambdas}/hello.mjs`);
  terminal.print(`  Configuration, log:       ${layout.root}/config, ${layout.logFile}`);
  terminal.print('');
}

/** How this command is called here: by its name where it is linked, by its file in a clone. */
function commandOf(entryPoint: string): string {
  return basename(entryPoint) === 'gatehouse' ? 'gatehouse' : `node ${entryPoint}`;
}

const patterns: Readonly<Record<string, string>> = { ' ': 'SINGLE', d: 'DOUBLE', l: 'LONG' };

async function onKey(context: Context, api: ApiClient, key: string, quit: AbortController): Promise<void> {
  if (key === 'quit') return quit.abort();
  const pattern = patterns[key];
  if (pattern === undefined) return;
  try {
    await api.post(`/things/${sampleThing}/press`, { pattern });
  } catch (error) {
    context.terminal.note(`Cannot press: ${error instanceof Error ? error.message : String(error)}`);
  }
}
