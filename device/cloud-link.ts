/**
 * The agent's way to the cloud: an identity, made or loaded, then a connection and what runs over
 * it. Whatever fails is tried again for ever with growing pauses, because clicks are collected
 * meanwhile and a token, a clock or a network may be put right at any time.
 */
import { readFile } from 'node:fs/promises';
import { type Clock, sleep } from '../core/clock.js';
import { GatehouseError, hasCode, messageOf } from '../core/errors.js';
import { type Closeable, Lifetimes } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import { type ClaimToken, parseClaimToken } from '../core/wire/claim-token.js';
import type { ClickType, FeedbackMessage, StatusMessage } from '../core/wire/messages.js';
import { thingTopic } from '../core/wire/topics.js';
import { backoffMs } from './backoff.js';
import type { ClockSync } from './clock-sync.js';
import { listenToCommands, type OutputCommand } from './commands.js';
import type { AgentConfig } from './config.js';
import { listenToFeedback } from './feedback.js';
import { claimFileUnreadable, claimMissing } from './identity/errors.js';
import { checkValidity, type Identity, loadIdentity } from './identity/identity.js';
import type { Outbox } from './outbox.js';
import { Publisher } from './publisher.js';
import { offlineWill, StatusPublisher } from './status.js';
import { openTransport } from './transport/open.js';
import type { MqttLibrary, Transport } from './transport/transport.js';

export interface CloudLinkOptions {
  readonly identityFolder: string;
  readonly identity: AgentConfig['identity'];
  readonly mqtt: AgentConfig['mqtt'];
  readonly outbox: Outbox;
  readonly clockSync: ClockSync;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A part that speaks over the link: given the connection before it is made, closed before it is ended. */
export interface LinkPart extends Closeable {
  attach(transport: Transport, thing: string): void;
}

/** What the cloud may ask of the rest of the agent. */
export interface LinkServices {
  readonly press: (button: string, pattern: ClickType) => Promise<void>;
  readonly output: (command: OutputCommand) => Promise<void>;
  /** What became of a press. */
  readonly feedback: (message: FeedbackMessage) => void;
  readonly status: () => Omit<StatusMessage, 'v' | 'online'>;
  /** Resolves at the next press of any button. @throws INTERRUPTED */
  readonly pressed: (signal: AbortSignal) => Promise<void>;
  /** Shadow and jobs, by name. */
  readonly parts: Readonly<Record<string, LinkPart>>;
}

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

export class CloudLink implements Closeable {
  readonly #options: CloudLinkOptions;
  readonly #lifetimes: Lifetimes;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<() => void>();
  #running: Promise<void> = Promise.resolve();
  #identity: Identity | undefined;
  #transport: Transport | undefined;
  #publisher: Publisher | undefined;
  #status: StatusPublisher | undefined;
  #problem: GatehouseError | undefined;
  #closing: Promise<void> | undefined;
  #mayClaim = false;

  private constructor(options: CloudLinkOptions) {
    this.#options = options;
    this.#lifetimes = new Lifetimes(options.log);
  }

  /**
   * Looks at what identity there is, without the network.
   * @throws IDENTITY_DAMAGED, CLAIM_MISSING, CLAIM_TOKEN_MALFORMED, CLAIM_FILE_UNREADABLE.
   */
  static async open(options: CloudLinkOptions): Promise<CloudLink> {
    const link = new CloudLink(options);
    link.#identity = await loadIdentity(options.identityFolder);
    if (link.#identity === undefined) await readToken(options.identity);
    return link;
  }

  /** Goes to work in the background, until `close`. Call it once. */
  start(services: LinkServices): void {
    if (this.#closing === undefined) this.#running = this.#run(services);
  }

  /** Called when `thing`, `connected` or `problem` may have changed. Returns the undo. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get thing(): string | undefined {
    return this.#identity?.thing;
  }

  get connected(): boolean {
    return this.#transport?.connected ?? false;
  }

  /** Undefined until there is an identity to connect with. */
  get library(): MqttLibrary | undefined {
    return this.#transport?.library;
  }

  get inFlight(): number {
    return this.#publisher?.inFlight ?? 0;
  }

  /** What keeps the link from coming up; undefined once a connection has been made. */
  get problem(): GatehouseError | undefined {
    return this.#problem;
  }

  /** The status has changed: says it, now or at the next connect. */
  sayStatus(): void {
    this.#status?.say();
  }

  /** Resolves when all that is stored has been acknowledged; needs a publisher, so a first identity. */
  async drained(): Promise<void> {
    await this.#publisher?.idle();
  }

  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  async #shut(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#lifetimes.close();
  }

  /** Never rejects. */
  async #run(services: LinkServices): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.#connect(services, signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#report(error);
        const retryable = error instanceof GatehouseError && error.retryable;
        const pauseMs = retryable ? backoffMs(attempt, firstPauseMs, longestPauseMs) : longestPauseMs;
        await sleep(clock, pauseMs, signal).catch(() => {});
      }
    }
  }

  async #connect(services: LinkServices, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    this.#identity ??= await this.#provision(services, signal);
    const identity = this.#identity;
    checkValidity(identity, clock.now());
    const transport = await openTransport(this.#options.mqtt, {
      host: this.#options.mqtt.host ?? identity.mqttHost,
      port: this.#options.mqtt.port ?? identity.mqttPort,
      clientId: identity.thing,
      certificatePath: identity.certificatePath,
      privateKeyPath: identity.privateKeyPath,
      caPath: identity.caPath,
      keepAliveSeconds: this.#options.mqtt.keepAliveSeconds,
      will: offlineWill(identity.thing),
      clock,
      log,
    });
    this.#transport = this.#lifetimes.add('transport', transport);
    this.#serve(transport, identity.thing, services);
    await transport.connect(signal);
  }

  async #provision({ pressed }: LinkServices, signal: AbortSignal): Promise<Identity> {
    const { identityFolder: folder, identity, clock, log } = this.#options;
    if (identity.claimOnPress && !this.#mayClaim) {
      log.info('press the button to claim this device');
      await pressed(signal);
      // One press is enough, however often the network lets us down afterwards.
      this.#mayClaim = true;
    }
    const token = await readToken(identity);
    // Loaded for this one time: certificates and requests cost memory that the agent never needs again.
    const { provision } = await import('./identity/provision.js');
    const provisioned = await provision({ folder, token, clock, signal });
    log.info('provisioned', { thing: provisioned.thing, certificateId: provisioned.certificateId });
    this.#changed();
    return provisioned;
  }

  /** Puts to the connection what uses it. Closed in reverse: drain, say offline, disconnect. */
  #serve(transport: Transport, thing: string, services: LinkServices): void {
    const { press, output, feedback, status, parts } = services;
    const { clock, log, outbox, clockSync } = this.#options;
    transport.onConnect(() => {
      this.#problem = undefined;
      log.info('connected', { thing, protocol: transport.protocol, library: transport.library });
      this.#changed();
    });
    transport.onDisconnect((reason) => {
      log.warn('connection lost, coming back', { reason });
      this.#changed();
    });
    for (const [name, part] of Object.entries(parts)) {
      part.attach(transport, thing);
      this.#lifetimes.add(name, part);
    }
    listenToCommands({ transport, thing, log, press, output });
    listenToFeedback(transport, thing, feedback);
    this.#status = StatusPublisher.open({ transport, thing, clock, log, status });
    this.#lifetimes.add('status', this.#status);
    const topicOf = (kind: 'click' | 'telemetry') => thingTopic(thing, kind);
    const holdTelemetry = () => clockSync.settling;
    const publisher = Publisher.open({ outbox, transport, topicOf, holdTelemetry, clock, log });
    this.#publisher = publisher;
    this.#lifetimes.add('publisher', publisher);
    this.#lifetimes.defer(
      'clock sync',
      clockSync.onChange(() => publisher.resume()),
    );
  }

  /** Once per kind of trouble, not once per attempt. */
  #report(error: unknown): void {
    const { log } = this.#options;
    const problem =
      error instanceof GatehouseError
        ? error
        : new GatehouseError('LINK_FAILED', `The way to the cloud failed: ${messageOf(error)}.`, {
            cause: error,
          });
    const known = hasCode(this.#problem, problem.code);
    this.#problem = problem;
    if (!known) {
      log[problem.retryable ? 'warn' : 'error'](problem.message, { code: problem.code, hint: problem.hint });
    }
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Read anew at every attempt: a fresh token in the file is taken without a restart. */
async function readToken(identity: AgentConfig['identity']): Promise<ClaimToken> {
  const { claimToken, claimTokenFile } = identity;
  if (claimToken !== undefined) return parseClaimToken(claimToken.reveal());
  if (claimTokenFile === undefined) throw claimMissing();
  let text: string;
  try {
    text = await readFile(claimTokenFile, 'utf8');
  } catch (error) {
    throw claimFileUnreadable(claimTokenFile, error);
  }
  return parseClaimToken(text);
}
