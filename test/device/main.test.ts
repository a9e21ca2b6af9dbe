import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../core/clock.js';
import { parseConfig } from '../../core/config.js';
import { silentLogger } from '../../core/log.js';
import { formatClaimToken } from '../../core/wire/claim-token.js';
import { clickMessage, statusMessage, telemetryMessage } from '../../core/wire/messages.js';
import { agentConfig } from '../../device/config.js';
import { type AgentParts, openAgent } from '../../device/main.js';
import type { GpioChip } from '../../hardware/ports.js';
import { provisioningPort } from '../support/provisioning-port.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startAedes } from '../support/test-brokers.js';

const clickTopic = 'gatehouse/v1/lamp/click';
const statusTopic = 'gatehouse/v1/lamp/status';
const commandTopic = 'gatehouse/v1/lamp/command';

async function cloud() {
  const broker = await startAedes();
  const port = await provisioningPort({ ca: broker.ca, mqttPort: broker.proxy.port });
  const doorman = await TcpProxy.open(port.port);
  onTestFinished(() => doorman.close());
  const claimToken = formatClaimToken({ ...port.token, port: doorman.port });
  return { ...broker, port, doorman, claimToken };
}

function configFor(dataDir: string, changes: Record<string, unknown> = {}) {
  return {
    dataDir,
    gpio: { route: 'simulated' },
    i2c: { route: 'simulated' },
    buttons: [
      { name: 'door', pin: 'GPIO17', double: false },
      { name: 'desk', pin: 'GPIO27', longMs: 400 },
    ],
    ...changes,
  };
}

async function start(config: Record<string, unknown>, parts: Partial<AgentParts> = {}) {
  const agent = await openAgent(parseConfig(agentConfig, config, 'test'), {
    clock: systemClock,
    log: silentLogger,
    ...parts,
  });
  onTestFinished(() => agent.close());
  return agent;
}

/** Long pauses shrink to a moment; everything else takes its time. */
const impatientClock: Clock = {
  ...systemClock,
  after: (delayMs, task, options) => systemClock.after(delayMs >= 20_000 ? 50 : delayMs, task, options),
};

describe('the agent', () => {
  it('provisions itself, connects, says what it is, and publishes a press', async () => {
    const { observer, claimToken } = await cloud();
    const agent = await start(configFor(await temporaryFolder(), { identity: { claimToken } }), {
      version: '1.2.3',
    });
    await agent.whenConnected();
    expect(agent.thing).toBe('lamp');
    const status = statusMessage.parse(
      JSON.parse((await observer.until((m) => m.topic === statusTopic)).text),
    );
    expect(status).toMatchObject({
      online: true,
      version: '1.2.3',
      gpioRoute: 'simulated',
      buttons: [
        { name: 'door', simulated: true },
        { name: 'desk', simulated: true },
      ],
    });
    const before = Date.now();
    await agent.press('door');
    const click = clickMessage.parse(JSON.parse((await observer.until((m) => m.topic === clickTopic)).text));
    expect(click).toMatchObject({ seq: 1, button: 'door', clickType: 'SINGLE' });
    expect(Date.parse(click.deviceTime)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(click.deviceTime)).toBeLessThanOrEqual(Date.now());
    await agent.drained();
    await expect.poll(() => agent.status().outbox.rows).toBe(0);
  });

  it('recognises single, double and long presses of real contact bounce', async () => {
    const { observer, claimToken } = await cloud();
    const agent = await start(configFor(await temporaryFolder(), { identity: { claimToken } }));
    const types: string[] = [];
    agent.onClick((click) => types.push(`${click.button} ${click.clickType}`));
    await agent.press('desk', 'LONG');
    await agent.press('desk', 'DOUBLE');
    await agent.press('desk', 'SINGLE');
    await agent.press('door', 'DOUBLE');
    await expect.poll(() => types.length).toBe(5);
    expect(types.sort()).toEqual(['desk DOUBLE', 'desk LONG', 'desk SINGLE', 'door SINGLE', 'door SINGLE']);
    await agent.whenConnected();
    await observer.until(() => observer.texts(clickTopic).length === 5);
  });

  it('collects clicks while the cloud is out of reach and delivers them once it is there', async () => {
    const { observer, doorman, claimToken } = await cloud();
    await doorman.close();
    const agent = await start(configFor(await temporaryFolder(), { identity: { claimToken } }));
    await agent.press('door');
    await agent.press('door');
    await expect.poll(() => agent.status().outbox.rows).toBe(2);
    await expect.poll(() => agent.status().problem?.code).toBe('CLOUD_UNREACHABLE');
    expect(agent.status()).toMatchObject({ thing: undefined, connected: false });
    await doorman.listen();
    await agent.whenConnected();
    await observer.until(() => observer.texts(clickTopic).length === 2);
    expect(agent.status().problem).toBeUndefined();
    expect(observer.texts(clickTopic).map((text) => clickMessage.parse(JSON.parse(text)).seq)).toEqual([
      1, 2,
    ]);
  });

  it('presses a button by command, once for each command id', async () => {
    const { observer, claimToken } = await cloud();
    const agent = await start(configFor(await temporaryFolder(), { identity: { claimToken } }));
    await agent.whenConnected();
    await observer.until((message) => message.topic === statusTopic);
    const send = (id: string, button: string) =>
      observer.publish(
        commandTopic,
        JSON.stringify({ v: 1, id, command: 'press', button, pattern: 'SINGLE' }),
      );
    await observer.publish(commandTopic, 'nonsense');
    await send('command-1', 'door');
    await send('command-1', 'door');
    await send('command-2', 'no-such-button');
    await observer.until((message) => message.topic === clickTopic);
    await send('command-3', 'door');
    await observer.until(() => observer.texts(clickTopic).length === 2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(observer.texts(clickTopic)).toHaveLength(2);
  });

  it('publishes what its sensors measure', async () => {
    const { observer, claimToken } = await cloud();
    const sensors = [
      { name: 'room', chip: 'bme280', everyMs: 200 },
      { name: 'attic', chip: 'tmp102', everyMs: 200 },
      { name: 'ghost', chip: 'tmp102', address: '0x4b', everyMs: 200 },
    ];
    const agent = await start(configFor(await temporaryFolder(), { identity: { claimToken }, sensors }));
    const series = new Set<string>();
    const readings = () =>
      observer.texts('gatehouse/v1/lamp/telemetry').map((text) => telemetryMessage.parse(JSON.parse(text)));
    await observer.until(() => {
      for (const message of readings())
        for (const one of message.readings) series.add(`${one.series} ${one.unit}`);
      return series.size === 4;
    });
    expect([...series].sort()).toEqual([
      'attic.temperature Cel',
      'room.humidity %RH',
      'room.pressure Pa',
      'room.temperature Cel',
    ]);
    expect(agent.status()).toMatchObject({ i2cRoute: 'simulated', sensors: ['room', 'attic', 'ghost'] });
  });

  it('says offline when it is closed, and the broker says it when the link breaks', async () => {
    const { observer, proxy, claimToken } = await cloud();
    const agent = await start(configFor(await temporaryFolder(), { identity: { claimToken } }));
    await agent.whenConnected();
    const online = () =>
      observer.texts(statusTopic).map((text) => statusMessage.parse(JSON.parse(text)).online);
    await observer.until(() => online().length === 1);
    proxy.cut();
    await observer.until(() => online().length === 3);
    expect(online()).toEqual([true, false, true]);
    await agent.close();
    await observer.until(() => online().length === 4);
    expect(online().at(-1)).toBe(false);
  });

  it('goes on with the identity that it has, without a token and without the provisioning port', async () => {
    const { doorman, claimToken } = await cloud();
    const dataDir = await temporaryFolder();
    const first = await start(configFor(dataDir, { identity: { claimToken } }));
    await first.whenConnected();
    await first.close();
    await doorman.close();
    const again = await start(configFor(dataDir));
    await again.whenConnected();
    expect(again.thing).toBe('lamp');
  });

  it('takes a fresh token from its file after the first was refused', async () => {
    const { claimToken, port } = await cloud();
    const folder = await temporaryFolder();
    const claimTokenFile = join(folder, 'token');
    await writeFile(claimTokenFile, formatClaimToken({ ...port.token, secret: 'a-secret-nobody-knows' }));
    const agent = await start(configFor(join(folder, 'data'), { identity: { claimTokenFile } }), {
      clock: impatientClock,
    });
    await expect.poll(() => agent.status().problem?.code).toBe('CLAIM_REFUSED');
    await writeFile(claimTokenFile, claimToken);
    await agent.whenConnected();
    expect(agent.status().problem).toBeUndefined();
  });

  it('refuses to start without an identity and a token, with a broken token, or twice in one folder', async () => {
    const dataDir = await temporaryFolder();
    await expect(start(configFor(dataDir))).rejects.toMatchObject({ code: 'CLAIM_MISSING' });
    const broken = configFor(dataDir, { identity: { claimToken: 'ghct1.oops' } });
    await expect(start(broken)).rejects.toMatchObject({ code: 'CLAIM_TOKEN_MALFORMED' });
    const { claimToken } = await cloud();
    const config = configFor(dataDir, { identity: { claimToken } });
    await start(config);
    await expect(start(config)).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
  });

  it('does not press a real line, nor a button that it does not have', async () => {
    const { claimToken } = await cloud();
    const line = {
      route: 'onoff',
      pin: 'GPIO17',
      read: async () => 0,
      watch: () => () => {},
      close: async () => {},
    };
    const chip = { route: 'onoff', input: async () => line, close: async () => {} } as unknown as GpioChip;
    const agent = await start(configFor(await temporaryFolder(), { identity: { claimToken } }), { chip });
    expect(agent.status().buttons[0]).toEqual({ name: 'door', pin: 'GPIO17', simulated: false });
    await expect(agent.press('door')).rejects.toMatchObject({ code: 'BUTTON_REAL' });
    await expect(agent.press('nothing')).rejects.toMatchObject({ code: 'BUTTON_UNKNOWN' });
  });

  it('delivers a click that was stored before kill -9, with the same id, after a restart', async () => {
    const { observer, proxy, claimToken } = await cloud();
    const config = configFor(await temporaryFolder(), { identity: { claimToken } });
    const first = new AgentProcess(config);
    await first.line((line) => line === 'connected');
    await proxy.close();
    first.press('door');
    const stored = JSON.parse((await first.line((line) => line.startsWith('click '))).slice(6)) as {
      id: string;
    };
    await first.kill();
    expect(observer.texts(clickTopic)).toEqual([]);
    await proxy.listen();
    const second = new AgentProcess(config);
    const { text } = await observer.until((message) => message.topic === clickTopic);
    expect(clickMessage.parse(JSON.parse(text)).id).toBe(stored.id);
    expect(await second.stop()).toBe(0);
  });
});

class AgentProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  readonly #lines: string[] = [];
  #check = () => {};

  constructor(config: unknown) {
    const script = fileURLToPath(new URL('./agent-child.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, JSON.stringify(config)], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop() ?? '';
      this.#lines.push(...parts);
      this.#check();
    });
    onTestFinished(() => this.kill());
  }

  press(button: string): void {
    this.#child.stdin?.write(`${button}\n`);
  }

  line(fits: (line: string) => boolean): Promise<string> {
    return new Promise((resolve) => {
      this.#check = () => {
        const found = this.#lines.find(fits);
        if (found !== undefined) resolve(found);
      };
      this.#check();
    });
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    this.#child.stdin?.end();
    return this.#exited;
  }
}
