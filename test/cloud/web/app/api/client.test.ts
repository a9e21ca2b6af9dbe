import { describe, expect, test } from 'vitest';
import { createApi } from '../../../../../cloud/web/app/api/client.js';
import { faultOf, sentenceOf } from '../../../../../cloud/web/app/errors.js';
import { messageOf } from '../../../../../core/errors.js';
import { thing } from '../../canned-data.js';

/** Answers every call with `response` and remembers what was asked. */
function answering(response: () => Response) {
  const asked: { path: string; init: RequestInit }[] = [];
  const fetcher: typeof fetch = async (path, init) => {
    asked.push({ path: String(path), init: init ?? {} });
    return response();
  };
  return { api: createApi(fetcher), asked };
}

describe('the API client of the dashboard', () => {
  test('names things, series and spans safely in its paths', async () => {
    const { api, asked } = answering(() => Response.json({}));
    await api.telemetry({ thing: 'a', series: 'room.t&x=1', fromMs: 0, toMs: 1_000, maxPoints: 300 });
    await api.run('../things');
    expect(asked.map(({ path }) => path)).toEqual([
      '/api/v1/telemetry?thing=a&series=room.t%26x%3D1&from=1970-01-01T00%3A00%3A00.000Z&to=1970-01-01T00%3A00%3A01.000Z&maxPoints=300',
      '/api/v1/runs/..%2Fthings',
    ]);
  });

  test('sends a press as JSON', async () => {
    const { api, asked } = answering(() => Response.json({ id: 'p' }, { status: 202 }));
    expect(await api.press('front-door', 'main', 'LONG')).toEqual({ id: 'p' });
    expect(asked[0]).toMatchObject({
      path: '/api/v1/things/front-door/press',
      init: { method: 'POST', body: '{"button":"main","pattern":"LONG"}' },
    });
  });

  test('passes on what the backend says about an error', async () => {
    const body = { error: { code: 'LINE_IS_REAL', message: 'The line is real.', hint: 'Use your finger.' } };
    const { api } = answering(() => Response.json(body, { status: 409 }));
    const error: unknown = await api.press('a', 'b', 'SINGLE').catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'LINE_IS_REAL' });
    expect(sentenceOf(error)).toBe('The line is real. Use your finger.');
  });

  test.each([
    [() => new Response('', { status: 401 }), 'SIGNED_OUT', false],
    [() => new Response('<h1>Bad gateway</h1>', { status: 502 }), 'UNEXPECTED_ANSWER', true],
    [() => new Response('<h1>Welcome</h1>', { status: 200 }), 'UNEXPECTED_ANSWER', false],
  ] as const)('tells %# apart', async (response, code, retryable) => {
    await expect(answering(response).api.overview()).rejects.toMatchObject({ code, retryable });
  });

  test('calls no answer unreachable, and worth trying again', async () => {
    const api = createApi(() => Promise.reject(new TypeError('Failed to fetch')));
    const error: unknown = await api.series().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'UNREACHABLE', retryable: true });
    expect(messageOf(error)).toBe('The Gatehouse backend does not answer.');
  });
});

test('a change names the version that it was made from', async () => {
  const { api, asked } = answering(() => Response.json({}));
  await api.setEnabled(thing('front-door', { version: 7 }), false);
  expect(asked[0]).toMatchObject({
    path: '/api/v1/things/front-door',
    init: { method: 'PATCH', body: '{"enabled":false}', headers: { 'if-match': '"7"' } },
  });
});

test.each([
  [412, 'PROJECT_CHANGED', true, /^Somebody else has changed this/],
  [409, 'ASSOCIATION_CONFLICT', true, /^As the backend says\. Do that\.$/],
  [409, 'PROJECT_EXISTS', false, /^As the backend says\. Do that\.$/],
])('%i %s: loading again helps is %s', async (status, code, isStale, sentence) => {
  const error = { code, message: 'As the backend says.', hint: 'Do that.' };
  const { api } = answering(() => Response.json({ error }, { status }));
  const caught: unknown = await api.projects().catch((reason: unknown) => reason);
  expect(faultOf(caught)).toEqual({ code, isStale, sentence: expect.stringMatching(sentence) });
});
