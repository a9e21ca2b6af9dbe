/**
 * Feeds the whole backend with mutations of valid input, through its real doors: MQTT over mutual TLS and
 * HTTP. GATEHOUSE_FUZZ_SEED repeats a run, GATEHOUSE_FUZZ_INPUTS=1000000 makes it as long as it is meant to be
 * before a release; the part that each kind has stays the same.
 */
import { performance } from 'node:perf_hooks';
import { expect, onTestFinished, test, vi } from 'vitest';
import { buildClickEvent } from '../../cloud/actions/event.js';
import { fillTemplate } from '../../cloud/actions/template.js';
import { maySubscribe, publishRoute } from '../../cloud/broker/permissions.js';
import { GatehouseError } from '../../core/errors.js';
import { alarmRule } from '../../core/wire/alarms.js';
import { connectDevice, type OpenedCloud, startCloud } from '../support/cloud-fixture.js';
import { Fuzz } from '../support/fuzz.js';
import { RawDevice } from '../support/raw-device.js';

const seed = Number(process.env['GATEHOUSE_FUZZ_SEED'] ?? 20_261_129);
const inputs = Number(process.env['GATEHOUSE_FUZZ_INPUTS'] ?? 20_000);
const part = (share: number) => Math.ceil(inputs * share);

const time = '2026-01-02T03:04:05.678Z';
const click = { v: 1, id: 'message-1', seq: 1, deviceTime: time, button: 'b', clickType: 'SINGLE' };
const telemetry = {
  v: 1,
  id: 'message-1',
  seq: 1,
  readings: [{ series: 'room.temperature', unit: 'Cel', value: 21.5, deviceTime: time }],
};
const placeholder = `\${aws:iot:s3-presigned-url-v2:https://s3.eu-central-1.amazonaws.com/fleet/a%20b/x.bin}`;
const status = { v: 1, online: true, version: '1', buttons: [{ name: 'b', simulated: true }] };
const kinds = [
  ['click', click],
  ['telemetry', telemetry],
  ['status', status],
] as const;

interface Count {
  readonly place: string;
  readonly reason: string;
  readonly count: number;
}

async function refused(opened: OpenedCloud, ...places: string[]): Promise<number> {
  const counts = await opened.get<Count[]>('/refusals');
  return counts.filter(({ place }) => places.includes(place)).reduce((sum, { count }) => sum + count, 0);
}

/** A million inputs' worth of other lines would be the memory that is measured. */
function keepErrors({ logLines }: OpenedCloud): void {
  logLines.splice(0, logLines.length, ...logLines.filter((line) => line.includes(' error ')));
}

/** Far below what the inputs together are. */
const maxGrownBytes = 300 * 2 ** 20;

test(`${inputs} malformed inputs with seed ${seed}: each is refused and counted, nothing breaks`, async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'an-id');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a-secret');
  onTestFinished(() => void vi.unstubAllEnvs());
  const artifacts = { buckets: ['s3://fleet'], region: 'eu-central-1' };
  const opened = await startCloud({ functions: {}, artifacts });
  const fuzz = new Fuzz(seed);
  const startRss = process.memoryUsage().rss;
  // First what holds the event loop up: an idle connection to our own server would be cut meanwhile.
  const pure = { topics: topics(fuzz, part(0.2)), events: events(fuzz, part(0.2)) };
  const summary = {
    ...pure,
    payloads: await payloads(opened, fuzz, part(0.55)),
    packets: await packets(opened, fuzz, part(0.004)),
    bodies: await bodies(opened, fuzz, part(0.046)),
    deepBodies: await deepBodies(opened, fuzz),
  };
  const grown = process.memoryUsage().rss - startRss;
  process.stdout.write(`${JSON.stringify({ ...summary, grownMiB: Math.round(grown / 2 ** 20) })}\n`);
  process.stdout.write(`${JSON.stringify(await opened.get('/refusals'))}\n`);
  expect(grown).toBeLessThan(maxGrownBytes);
  expect(opened.logLines.filter((line) => line.includes(' error ')).slice(0, 3)).toEqual([]);
  // It still does its work.
  const device = await connectDevice(opened.cloud, 'fresh');
  await device.publishAsync('gatehouse/v1/fresh/click', JSON.stringify(click), { qos: 1 });
  expect(await opened.get('/clicks?thing=fresh')).toHaveLength(1);
}, 3_600_000);

/** Every message is acknowledged, because sending it again would not help; what is no message is counted. */
async function payloads(opened: OpenedCloud, fuzz: Fuzz, count: number) {
  const device = await RawDevice.claim(opened.cloud, 'noise');
  const before = await refused(opened, 'click', 'telemetry', 'status');
  for (let at = 0; at < count; ) {
    const batch = Array.from({ length: Math.min(64, count - at) }, () => {
      const [kind, sample] = fuzz.pick(kinds);
      const payload = fuzz.json(sample);
      return { topic: `gatehouse/v1/noise/${kind}`, payload: payload.subarray(0, 120 * 1024) };
    });
    await device.publishAll(batch);
    keepErrors(opened);
    at += batch.length;
  }
  device.close();
  const counted = (await refused(opened, 'click', 'telemetry', 'status')) - before;
  // The rest were changes that leave a message valid, such as another number.
  expect(counted).toBeGreaterThan(count * 0.5);
  return { sent: count, refused: counted };
}

/** Whole connections of mutated packets. A device that sends nonsense is cut off; the others are not. */
async function packets(opened: OpenedCloud, fuzz: Fuzz, count: number) {
  const identity = await RawDevice.identify(opened.cloud, 'garbage');
  const samples = RawDevice.samplePackets('garbage');
  const before = await refused(opened, 'mqtt');
  let cut = 0;
  for (let at = 0; at < count; at++) {
    const bytes = fuzz.bytes(fuzz.pick(samples), fuzz.pick(samples));
    if (await RawDevice.sendBytes(identity, bytes)) cut++;
  }
  const counted = (await refused(opened, 'mqtt')) - before;
  expect(counted).toBeGreaterThan(0);
  return { connections: count, cut, refused: counted };
}

async function bodies(opened: OpenedCloud, fuzz: Fuzz, count: number) {
  const rule = { name: 'r', thing: 'noise', when: { kind: 'range', series: 'a.b', min: 1, max: 2 } };
  const targets: readonly (readonly [string, unknown])[] = [
    ['/things', { name: 'thing-1', type: 'button' }],
    ['/things/noise/press', { pattern: 'SINGLE', button: 'b' }],
    ['/alarms/rules', rule],
    ['/alarms/ack', { rule: 'r', subject: 'noise' }],
    ['/telemetry/prune', { olderThanMs: 1, dryRun: true }],
    [
      '/jobs',
      { id: 'job-1', targets: ['noise'], document: { operation: 'x', files: [{ url: placeholder }] } },
    ],
  ];
  const before = await refused(opened, 'http');
  const answers = new Map<number, number>();
  for (let at = 0; at < count; at += 8) {
    const batch = Array.from({ length: Math.min(8, count - at) }, async () => {
      const [path, sample] = fuzz.pick(targets);
      const { status: answer } = await opened.call('POST', path, fuzz.json(sample).toString('utf8'));
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    });
    await Promise.all(batch);
    keepErrors(opened);
  }
  const counted = (await refused(opened, 'http')) - before;
  const refusals = [...answers].filter(([answer]) => answer >= 400).reduce((sum, [, n]) => sum + n, 0);
  expect([...answers.keys()].filter((answer) => answer >= 500)).toEqual([]);
  expect(counted).toBe(refusals);
  return { sent: count, refused: counted };
}

/** Each member of each body by turns nested far deeper than any stack goes. */
async function deepBodies(opened: OpenedCloud, fuzz: Fuzz) {
  const states = { a: { Type: 'Parallel', End: true, Branches: [] } };
  const targets: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['/jobs', { id: 'job-2', targets: ['noise'], document: {} }],
    ['/workflows', { name: 'w', definition: { StartAt: 'a', States: states } }],
    ['/keys', { name: 'k', policy: { Version: '2012-10-17', Statement: [] } }],
    ['/provisioning-templates', { name: 't', body: {} }],
    ['/things/noise/shadow', { state: { desired: {} } }],
    ['/actions/run', { function: 'f', event: {} }],
  ];
  const before = await refused(opened, 'http');
  let sent = 0;
  for (const [path, sample] of targets) {
    for (const member of Object.keys(sample)) {
      const levels = 1_000 + fuzz.below(20_000);
      const nested = '[{"a":'.repeat(levels) + 1 + '}]'.repeat(levels);
      const body = JSON.stringify({ ...sample, [member]: '#' }).replace('"#"', nested);
      const answer = await opened.call('POST', path, body);
      expect([path, member, answer.status]).toEqual([path, member, 400]);
      sent++;
    }
  }
  expect((await refused(opened, 'http')) - before).toBe(sent);
  return { sent };
}

/** The rules for topics, which every packet passes: an answer, never an error, and nobody else's topic. */
function topics(fuzz: Fuzz, count: number) {
  const samples = [
    'gatehouse/v1/noise/click',
    '$aws/things/noise/shadow/update',
    'gatehouse/v1/+/telemetry',
    '#',
  ];
  let granted = 0;
  for (let at = 0; at < count; at++) {
    const topic = fuzz.text(samples);
    const route = publishRoute('noise', topic);
    if (route === undefined && !maySubscribe('noise', topic)) continue;
    granted++;
    expect(topic.startsWith('gatehouse/v1/noise/') || topic.startsWith('$aws/')).toBe(true);
  }
  return { tried: count, granted };
}

/** Events and rules as functions and templates get them: a value or an error of ours. */
function events(fuzz: Fuzz, count: number) {
  const event = buildClickEvent({
    thing: 'noise',
    type: 'button',
    clickType: 'SINGLE',
    receivedMs: 0,
    remainingLife: 97,
    region: 'local',
    placement: {
      projectName: 'p',
      placementName: 'q',
      deviceTemplateName: 'd',
      attributes: { Building: 'A' },
      devices: { d: 'noise' },
    },
  });
  const rule = { name: 'r', thing: 'noise', when: { kind: 'silent', forMs: 60_000 }, actions: ['a'] };
  const templates = ['{{*}}', '{{Building}} {{clickType}} at {{time}}', '{{deviceInfo.remainingLife}}'];
  const counts = { filled: 0, refused: 0, longestMs: 0 };
  for (let at = 0; at < count; at++) {
    const started = performance.now();
    try {
      const value: unknown = JSON.parse(fuzz.json(at % 2 === 0 ? event : rule).toString('utf8'));
      if (at % 2 === 0) fillTemplate(fuzz.pick(templates), Object(value) as object);
      else if (!alarmRule.safeParse(value).success) throw new SyntaxError('not a rule');
      counts.filled++;
    } catch (error) {
      if (!(error instanceof GatehouseError) && !(error instanceof SyntaxError)) throw error;
      counts.refused++;
    }
    counts.longestMs = Math.max(counts.longestMs, Math.round(performance.now() - started));
  }
  // A guard against a pattern that takes for ever, not a measurement.
  expect(counts.longestMs).toBeLessThan(15_000);
  return { tried: count, ...counts };
}
