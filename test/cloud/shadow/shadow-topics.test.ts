import { expect, it } from 'vitest';
import { ShadowStore } from '../../../cloud/shadow/shadow-store.js';
import { ShadowTopics } from '../../../cloud/shadow/shadow-topics.js';
import { createLogger } from '../../../core/log.js';
import { cloudDatabase } from '../../support/cloud-database.js';
import { FakeClock } from '../../support/fake-clock.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const log = createLogger({ level: 'error', format: 'text', write: () => {} });
const prefix = '$aws/things/door/shadow';

async function shadows(folder?: string) {
  const clock = new FakeClock(1_700_000_000_500);
  const store = new ShadowStore(await cloudDatabase(folder), clock);
  let told: [string, unknown][] = [];
  const publish = (_thing: string, topic: string, payload: string) => {
    told.push([topic.replace(`${prefix}/`, ''), JSON.parse(payload)]);
  };
  const topics = new ShadowTopics({ store, clock, log, publish });
  /** What is told for one request. */
  const send = async (rest: string, body: unknown) => {
    told = [];
    const payload = body instanceof Uint8Array ? body : Buffer.from(body === '' ? '' : JSON.stringify(body));
    await topics.handle('door', `shadow/${rest}`, payload);
    return told;
  };
  const state = async () => {
    const [[, body] = []] = await send('get', '');
    return (body as { state: unknown }).state;
  };
  return { send, state, topics, store, clock };
}

it('an update answers with what it changed, the difference that is left, and both documents', async () => {
  const { send, clock } = await shadows();
  expect(await send('get', '')).toEqual([
    ['get/rejected', { code: 404, message: "No shadow exists with name: 'door'", timestamp: 1_700_000_000 }],
  ]);
  const desired = { lamp: { on: true, level: [1, 2] }, mode: 'night' };
  const first = await send('update', { state: { desired }, clientToken: 'é-1' });
  expect(first[0]).toEqual([
    'update/accepted',
    {
      state: { desired },
      metadata: {
        desired: {
          lamp: {
            on: { timestamp: 1_700_000_000 },
            level: [{ timestamp: 1_700_000_000 }, { timestamp: 1_700_000_000 }],
          },
          mode: { timestamp: 1_700_000_000 },
        },
      },
      version: 1,
      timestamp: 1_700_000_000,
      clientToken: 'é-1',
    },
  ]);
  expect(first[1]).toMatchObject(['update/delta', { state: desired, version: 1, clientToken: 'é-1' }]);
  expect((first[2]?.[1] as object | undefined) ?? {}).not.toHaveProperty('previous');

  clock.advance(10_000);
  const reported = { lamp: { on: true, level: [1] }, extra: 1 };
  const second = await send('update', { state: { reported }, version: 1 });
  expect(second.map(([topic]) => topic)).toEqual(['update/accepted', 'update/delta', 'update/documents']);
  expect(second[1]?.[1]).toEqual({
    state: { lamp: { level: [1, 2] }, mode: 'night' },
    metadata: {
      lamp: { level: [{ timestamp: 1_700_000_000 }, { timestamp: 1_700_000_000 }] },
      mode: { timestamp: 1_700_000_000 },
    },
    version: 2,
    timestamp: 1_700_000_010,
  });
  expect(second[2]?.[1]).toMatchObject({
    previous: { version: 1, state: { desired } },
    current: { version: 2, state: { desired, reported } },
  });
  const third = await send('update', { state: { reported: { lamp: { level: [1, 2] }, mode: 'night' } } });
  expect(third.map(([topic]) => topic)).toEqual(['update/accepted', 'update/documents']);
});

it('null takes away a key, a nested key, or a whole section', async () => {
  const { send, state } = await shadows();
  await send('update', { state: { desired: { a: { b: 1, c: 2 }, d: 3 }, reported: { r: 1 } } });
  await send('update', { state: { desired: { a: { b: null }, d: null } } });
  expect(await state()).toEqual({ desired: { a: { c: 2 } }, reported: { r: 1 }, delta: { a: { c: 2 } } });
  await send('update', { state: { desired: { a: { c: null } }, reported: null } });
  expect(await state()).toEqual({});
});

it('a stale version conflicts; a deleted shadow keeps its counter', async () => {
  const { send } = await shadows();
  await send('update', { state: { desired: { a: 1 } } });
  expect(await send('update', { state: { desired: { a: 2 } }, version: 2 })).toMatchObject([
    ['update/rejected', { code: 409, message: 'Version conflict' }],
  ]);
  expect(await send('delete', { clientToken: 't' })).toEqual([
    ['delete/accepted', { version: 1, timestamp: 1_700_000_000, clientToken: 't' }],
  ]);
  expect(await send('delete', '')).toMatchObject([['delete/rejected', { code: 404 }]]);
  expect(await send('update', { state: { desired: { a: 3 } }, version: 1 })).toMatchObject([
    ['update/rejected', { code: 409 }],
  ]);
  expect((await send('update', { state: { desired: { a: 3 } } }))[0]).toMatchObject([
    'update/accepted',
    { version: 2 },
  ]);
});

it.each([
  ['no JSON', Buffer.from('{'), 400, 'Invalid JSON'],
  ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 415, 'Unsupported documented encoding'],
  ['no state', {}, 400, 'Missing required node: state'],
  ['a state that is no object', { state: 1 }, 400, 'State node must be an object'],
  ['a desired that is no object', { state: { desired: [] } }, 400, 'Desired node must be an object'],
  ['a section of its own', { state: { wanted: {} } }, 400, 'State contains an invalid node'],
  ['null in an array', { state: { desired: { a: [1, [null]] } } }, 400, 'State contains an invalid node'],
  ['a version in words', { state: {}, version: '1' }, 400, 'Invalid version'],
  ['a token of 65 bytes', { state: {}, clientToken: 'x'.repeat(65) }, 400, 'Invalid clientToken'],
  ['nine levels', { state: { desired: nested(9) } }, 400, 'JSON contains too many levels'],
  ['more than 8 KB', { state: { desired: { a: 'x'.repeat(8_192) } } }, 413, 'The payload exceeds'],
])('%s is rejected with its code', async (_, body, code, message) => {
  const { send } = await shadows();
  const [[topic, answer] = []] = await send('update', body);
  expect(topic).toBe('update/rejected');
  expect(answer).toMatchObject({ code, message: expect.stringContaining(message) });
});

it('eight levels fit; keys that mean something to JavaScript are ordinary keys', async () => {
  const { send, state } = await shadows();
  expect((await send('update', { state: { desired: nested(8) } }))[0]?.[0]).toBe('update/accepted');
  await send('update', Buffer.from('{"state":{"reported":{"__proto__":{"x":1},"constructor":2}}}'));
  expect(JSON.stringify(await state())).toContain('"reported":{"__proto__":{"x":1},"constructor":2}');
});

it('named shadows stand apart and survive a restart; an eleventh request in flight is turned away', async () => {
  const folder = await temporaryFolder();
  const { send, state, topics, store } = await shadows(folder);
  await send('name/config/update', { state: { desired: { named: true } } });
  await send('update', { state: { desired: { classic: true } } });
  expect(await state()).toMatchObject({ desired: { classic: true } });
  expect(await store.names('door')).toEqual(['', 'config']);
  const request = Buffer.from('{"state":{"reported":{"a":1}}}');
  const many = Array.from({ length: 11 }, () => topics.handle('door', 'shadow/update', request));
  await Promise.all(many);
  expect((await store.get('door', ''))?.version).toBe(11);
});

function nested(levels: number): object {
  return levels === 0 ? {} : { a: levels === 1 ? 1 : nested(levels - 1) };
}
