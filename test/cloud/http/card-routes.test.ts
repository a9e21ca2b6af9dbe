import { expect, it } from 'vitest';
import type { ThingView } from '../../../core/wire/api.js';
import type { BoardView, CardView } from '../../../core/wire/cards.js';
import { parseClaimToken } from '../../../core/wire/claim-token.js';
import { startCloud } from '../../support/cloud-fixture.js';

const codeOf = async (response: Response) =>
  [response.status, ((await response.json()) as { error: { code: string } }).error.code] as const;

const wifi = { ssid: 'home', password: 'a long password', country: 'AT' };

it('lists the boards with their drawings', async () => {
  const { call, get } = await startCloud();
  expect(await get<BoardView[]>('/boards')).toMatchObject([
    { name: 'button-box', title: expect.stringContaining('Button box'), claimsOnPress: true },
    { name: 'rover', claimsOnPress: false },
    { name: 'sensor-node', claimsOnPress: true },
  ]);
  const drawing = await call('GET', '/boards/rover/wiring.svg');
  expect(drawing.headers.get('content-type')).toBe('image/svg+xml');
  expect(await drawing.text()).toContain('</svg>');
  expect(await codeOf(await call('GET', '/boards/..%2Frover/wiring.svg'))).toEqual([404, 'BOARD_UNKNOWN']);
});

it('makes device, claim token and files in one call, and says when nobody will reach this backend', async () => {
  const { call, get, cloud, logLines } = await startCloud();
  const response = await call('POST', '/cards', { name: 'hall', board: 'button-box', wifi });
  expect(response.status).toBe(201);
  expect(response.headers.get('cache-control')).toBe('no-store');
  const card = (await response.json()) as CardView;
  expect(await get<ThingView>('/things/hall')).toMatchObject({ type: 'button', certificates: [] });
  const [token = ''] = /ghct1\.[A-Za-z0-9_-]+/.exec(card.files['user-data']) ?? [];
  expect(parseClaimToken(token)).toMatchObject({ host: '127.0.0.1', port: cloud.provisioningPort });
  expect(card.files['network-config']).toContain('"home":\n          password: "a long password"');
  expect(Date.parse(card.expiresAt)).toBeGreaterThan(Date.now());
  expect(card.warning).toContain('"hostNames"');
  expect(logLines.join('')).not.toContain(wifi.password);
});

it('has no warning where devices on other machines are expected', async () => {
  const open = { host: '0.0.0.0', port: 0 };
  const { call } = await startCloud({ hostNames: ['nas.local'], mqtt: open, provisioning: open });
  const card = (await (
    await call('POST', '/cards', { name: 'attic', board: 'sensor-node' })
  ).json()) as CardView;
  expect(card.warning).toBeNull();
  expect(card.files['network-config']).not.toContain('wifis');
});

it('makes no second device of a name, but a new card for it where that is asked for', async () => {
  const { call } = await startCloud();
  const card = { name: 'hall', board: 'rover' };
  expect((await call('POST', '/cards', card)).status).toBe(201);
  expect(await codeOf(await call('POST', '/cards', card))).toEqual([409, 'THING_EXISTS']);
  expect((await call('POST', '/cards', { ...card, renew: true })).status).toBe(201);
});

it('refuses what it does not know before anything is made', async () => {
  const { call, get, cloud } = await startCloud();
  const post = (body: object) => call('POST', '/cards', body);
  expect(await codeOf(await post({ name: 'hall', board: 'toaster' }))).toEqual([404, 'BOARD_UNKNOWN']);
  expect(await codeOf(await post({ name: 'a hall', board: 'rover' }))).toEqual([400, 'REQUEST_INVALID']);
  const short = { ...wifi, password: 'short' };
  expect(await codeOf(await post({ name: 'hall', board: 'rover', wifi: short }))).toEqual([
    400,
    'REQUEST_INVALID',
  ]);
  expect(await get('/things')).toEqual([]);
  const stranger = await fetch(`${cloud.httpUrl}/api/v1/cards`, { method: 'POST', body: '{}' });
  expect(await codeOf(stranger)).toEqual([401, 'UNAUTHORISED']);
});
