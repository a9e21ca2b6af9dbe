/** The pages of the dashboard in a real browser, on a real backend. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { ThingView } from '../../../core/wire/api.js';
import type { JobView } from '../../../core/wire/jobs.js';
import type { PlacementView, ProjectView } from '../../../core/wire/project-api.js';
import { thingTopic } from '../../../core/wire/topics.js';
import type { ExecutionView } from '../../../core/wire/workflows.js';
import { clickPayload } from '../../support/click-path.js';
import { until } from '../../support/cloud-database.js';
import { connectDevice, startCloud } from '../../support/cloud-fixture.js';
import { stubS3 } from '../../support/stub-s3.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { bundleFolder, contrastFaults, describeInChromium, openPage } from './browser.js';

type Settings = Parameters<typeof startCloud>[0];

async function openHouse(more: Settings = {}) {
  const house = await startCloud({ web: { directory: bundleFolder() }, ...more });
  const send = async <T>(method: string, path: string, body: object = {}) => {
    const response = await house.call(method, path, body);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  /** Signed in, at a page such as `#/projects`. */
  const visit = async (place: string, context: BrowserContextOptions = {}) => {
    const { page, complaints } = await openPage(context);
    page.setDefaultTimeout(10_000);
    await page.goto(`${house.cloud.httpUrl}/login?token=${house.cloud.apiToken}`);
    await page.goto(`${house.cloud.httpUrl}/${place}`);
    await page.getByText('Live', { exact: true }).waitFor();
    return { page, complaints };
  };
  return { ...house, send, visit };
}

const household = {
  projectName: 'Household',
  placementTemplate: { deviceTemplates: { bell: { deviceType: 'button', callbackOverrides: {} } } },
};

/** Widths at which the page would scroll sideways. */
async function overflows(page: Page): Promise<number[]> {
  const found: number[] = [];
  for (const width of [320, 400, 768, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    if ((await page.evaluate('document.documentElement.scrollWidth')) !== width) found.push(width);
  }
  return found;
}

async function expectReadable(page: Page): Promise<void> {
  expect(await overflows(page)).toEqual([]);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await page.evaluate(contrastFaults)).toEqual([]);
  }
}

describeInChromium('the pages of the dashboard', () => {
  test('makes a project, a place and a device, puts the device in, and the API has them', async () => {
    const { get, visit } = await openHouse();
    const { page, complaints } = await visit('#/projects');
    await page.getByRole('button', { name: 'New project' }).click();
    await page.getByLabel('Name of the project').fill('Household');
    await page.getByLabel('Called').fill('bell');
    await page.getByRole('button', { name: 'Make the project' }).click();
    await page.getByRole('heading', { name: 'Household' }).waitFor();

    await page.getByRole('button', { name: 'New place' }).click();
    await page.getByLabel('Name of the place').fill('front-door');
    await page.getByRole('button', { name: 'Add an attribute' }).click();
    await page.getByLabel('Name of attribute 1').fill('room');
    await page.getByLabel('Value of attribute 1').fill('hall');
    await page.getByRole('button', { name: 'Make the place' }).click();
    const place = page.getByRole('article', { name: 'front-door' });
    await place.getByText('hall').waitFor();

    await page.getByRole('link', { name: 'Devices', exact: true }).click();
    await page.getByRole('button', { name: 'New device' }).click();
    await page.getByLabel('Name of the device').fill('bell-1');
    await page.getByRole('button', { name: 'Make the device' }).click();
    await page.getByRole('article', { name: 'bell-1' }).getByText('100 %').waitFor();

    await page.getByRole('link', { name: 'Projects', exact: true }).click();
    await page.getByRole('link', { name: /^Household/ }).click();
    await place.getByLabel('Device for bell of front-door').selectOption('bell-1');
    await place.getByRole('button', { name: 'Put a device in as bell of front-door' }).click();
    await place.getByRole('button', { name: 'Take bell-1 out of front-door' }).waitFor();

    expect(await get<ProjectView>('/projects/Household')).toMatchObject({
      placementTemplate: { deviceTemplates: { bell: { deviceType: 'button' } } },
      placementCount: 1,
    });
    expect(await get<PlacementView>('/projects/Household/placements/front-door')).toMatchObject({
      attributes: { room: 'hall' },
      devices: { bell: 'bell-1' },
    });
    expect(await get<ThingView>('/things/bell-1')).toMatchObject({ claim: 'CLAIMED', enabled: true });
    expect(complaints).toEqual([]);
  });

  test('says beside the field what is wrong with it, and all of it works from the keyboard', async () => {
    const { get, send, visit } = await openHouse();
    await send('POST', '/projects', { projectName: 'Taken' });
    const { page } = await visit('#/projects');
    await page.getByRole('button', { name: 'New project' }).focus();
    await page.keyboard.press('Enter');
    const name = page.getByLabel('Name of the project');
    expect(await name.evaluate((element) => element.matches(':focus'))).toBe(true);
    await page.keyboard.type('front door');
    await page.keyboard.press('Enter');
    await page.getByText('Use letters without accents, digits, - and _ only, no spaces.').waitFor();
    expect(await name.getAttribute('aria-invalid')).toBe('true');
    await name.fill('Taken');
    await page.keyboard.press('Enter');
    await page.getByText('There is a project of that name already.').waitFor();
    await name.fill('Free');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Free' }).waitFor();
    expect((await get<ProjectView[]>('/projects')).map(({ projectName }) => projectName)).toEqual([
      'Free',
      'Taken',
    ]);
  });

  test('saves nothing over the change of somebody else, says so, and loads again', async () => {
    const { get, call, send, visit } = await openHouse();
    await send('POST', '/projects', household);
    const path = '/projects/Household/placements/hall';
    await send('POST', '/projects/Household/placements', {
      placementName: 'hall',
      attributes: { floor: 'ground' },
    });
    const { page } = await visit('#/projects/Household');
    const place = page.getByRole('article', { name: 'hall' });
    await place.getByRole('button', { name: 'Change the attributes of hall' }).click();
    await place.getByLabel('Value of attribute 1').fill('first');
    expect(
      (await call('PATCH', path, { attributes: { floor: 'cellar' } }, { 'if-match': '"1"' })).status,
    ).toBe(200);
    await place.getByRole('button', { name: 'Save' }).click();
    await place.getByText('Somebody else has changed this since you opened it').waitFor();
    expect(await get<PlacementView>(path)).toMatchObject({ attributes: { floor: 'cellar' } });
    await place.getByRole('button', { name: 'Load again' }).click();
    await expect.poll(() => place.getByLabel('Value of attribute 1').inputValue()).toBe('cellar');
    await place.getByLabel('Value of attribute 1').fill('attic');
    await place.getByRole('button', { name: 'Save' }).click();
    await place.getByText('attic').waitFor();
    expect(await get<PlacementView>(path)).toMatchObject({ attributes: { floor: 'attic' } });
  });

  test('deletes a project only when it has no places, and after a question', async () => {
    const { get, send, visit } = await openHouse();
    await send('POST', '/projects', household);
    await send('POST', '/projects/Household/placements', { placementName: 'hall' });
    const { page } = await visit('#/projects/Household');
    await page.getByRole('button', { name: 'Delete Household' }).click();
    await page.getByRole('button', { name: 'Delete the project' }).click();
    await page.getByText('The project "Household" still has placements.').waitFor();
    await page.getByRole('button', { name: 'Delete hall' }).click();
    await page.getByRole('button', { name: 'Delete the place' }).click();
    await page.getByText('No place yet').waitFor();
    await page.getByRole('button', { name: 'Delete Household' }).click();
    await page.getByRole('button', { name: 'Delete the project' }).click();
    await page.getByText('No project yet').waitFor();
    expect(await get('/projects')).toEqual([]);
  });

  test('disables, replaces, gives up and claims devices', async () => {
    const { cloud, get, send, visit } = await openHouse();
    await send('POST', '/projects', household);
    await send('POST', '/projects/Household/placements', { placementName: 'hall' });
    for (const name of ['old', 'new']) await send('POST', '/things', { name });
    await send('PUT', '/projects/Household/placements/hall/devices/bell', { deviceId: 'old' });
    const { page } = await visit('#/devices');
    const old = page.getByRole('article', { name: 'old', exact: true });
    await old.getByRole('button', { name: 'Disable old' }).click();
    await old.getByRole('button', { name: 'Enable old' }).click();
    await old.getByRole('button', { name: 'Disable old' }).waitFor();
    await old.getByRole('button', { name: 'Replace old' }).click();
    await old.getByRole('button', { name: 'Replace it' }).click();
    await old.getByText('Choose the device that takes its place.').waitFor();
    await old.getByLabel('New device').selectOption('new');
    await old.getByRole('button', { name: 'Replace it' }).click();
    await page
      .getByRole('article', { name: 'new', exact: true })
      .getByRole('link', { name: 'Household · hall' })
      .waitFor();
    expect(await get<ThingView>('/things/old')).toMatchObject({ placement: null, enabled: false });
    await old.getByRole('button', { name: 'Give up old' }).click();
    await old.getByRole('button', { name: 'Give it up' }).click();
    await old.getByRole('button', { name: 'Claim old' }).click();
    await old.getByRole('button', { name: 'Finish the claim of old' }).click();
    await old.getByText('"old" has sent no event since its claim began.').waitFor();
    const device = await connectDevice(cloud, 'old');
    await device.publishAsync(thingTopic('old', 'click'), clickPayload('click-0001') as Buffer, { qos: 1 });
    await old.getByRole('button', { name: 'Finish the claim of old' }).click();
    await old.getByRole('button', { name: 'Enable old' }).click();
    await old.getByRole('button', { name: 'Disable old' }).waitFor();
    expect(await get<ThingView>('/things/old')).toMatchObject({ claim: 'CLAIMED', enabled: true });
  });

  test('marks where an execution of a workflow failed, and where one stands', async () => {
    const handler = join(await temporaryFolder(), 'ask.mjs');
    await writeFile(
      handler,
      `export const handler = async () => { throw new TypeError('nobody answers'); };`,
    );
    const { get, send, visit } = await openHouse({ functions: { ask: { kind: 'node', handler } } });
    const states = {
      Kind: {
        Type: 'Choice',
        Choices: [{ Variable: '$.long', BooleanEquals: true, Next: 'Rest' }],
        Default: 'Ask',
      },
      Ask: { Type: 'Task', Resource: 'ask', Next: 'Tell' },
      Rest: { Type: 'Wait', Seconds: 1_000, Next: 'Tell' },
      Tell: { Type: 'Succeed' },
    };
    await send('POST', '/workflows', { name: 'visit', definition: { StartAt: 'Kind', States: states } });
    await send('POST', '/actions/run', { target: 'visit', event: { long: false } });
    const executions = () => get<ExecutionView[]>('/workflows/visit/executions');
    await until(async () => (await executions())[0]?.state === 'FAILED');
    const { page, complaints } = await visit('#/workflows');
    await page.getByRole('link', { name: /^visit/ }).click();
    await page.getByRole('link', { name: /^Failed/ }).click();
    await page.locator('[data-state="Ask"][data-mark="failed"]').waitFor();
    await page.getByText('Ask failed: TypeError').waitFor();
    await page.getByText('nobody answers', { exact: true }).waitFor();
    await page.getByText('What happened').click();
    await page.getByText('TypeError: nobody answers', { exact: true }).first().waitFor();
    expect(await page.locator('[data-state="Kind"]').getAttribute('data-mark')).toBe('done');
    expect(await page.locator('[data-state="Tell"]').getAttribute('data-mark')).toBe('');
    await expectReadable(page);

    // Another begins while the page is open.
    await send('POST', '/actions/run', { target: 'visit', event: { long: true } });
    await page.getByRole('link', { name: /^Running/ }).click();
    await page.locator('[data-state="Rest"][data-mark="now"]').waitFor();
    await page.getByText(/^Rest waits, since just now, until \d/).waitFor();
    await page.getByRole('button', { name: 'Stop this execution' }).click();
    await page.getByRole('button', { name: 'Stop it now' }).click();
    await page.locator('[data-state="Rest"][data-mark="cut"]').waitFor();
    expect((await executions())[0]?.state).toBe('STOPPED');

    await page.getByRole('link', { name: 'Activity' }).click();
    await page.getByText(/The workflow failed: TypeError: nobody answers$/).waitFor();
    expect(complaints).toEqual([]);
  });

  test('shows how a job goes on from wave to wave, and that it is done', async () => {
    const { cloud, send, visit } = await openHouse();
    for (const name of ['first', 'second', 'third']) await send('POST', '/things', { name });
    const devices = await Promise.all(['first', 'second', 'third'].map((name) => connectDevice(cloud, name)));
    await send('POST', '/jobs', {
      id: 'roll-out',
      targets: ['first', 'second', 'third'],
      document: { operation: 'x' },
      rollout: { waves: [1, '100%'] },
    });
    const { page, complaints } = await visit('#/jobs');
    const bar = (text: string) => page.getByRole('img', { name: `Progress of roll-out: ${text}` });
    await bar('1 queued, 2 not reached yet').waitFor();
    await page.getByRole('link', { name: /roll-out/ }).click();
    await page.locator('.wave-now').getByText('0 of 1 ended').waitFor();
    await report(devices, 0, { status: 'IN_PROGRESS', statusDetails: { step: 'download' } });
    await bar('1 in progress, 2 not reached yet').waitFor();
    await page.getByText('step: download').waitFor();
    await report(devices, 0, { status: 'SUCCEEDED' });
    await bar('1 succeeded, 2 queued').waitFor();
    await page.locator('.wave-done').getByText('Wave 1').waitFor();
    await report(devices, 1, { status: 'SUCCEEDED' });
    await report(devices, 2, { status: 'FAILED', statusDetails: { reason: 'no room' } });
    await bar('2 succeeded, 1 failed').waitFor();
    await page.getByText('Over, with failures').waitFor();
    expect(await page.locator('.job-device').first().textContent()).toMatch(/Failed.*third.*reason: no room/);
    await expectReadable(page);
    expect(complaints).toEqual([]);
  });

  test('says where the artifact of each release is', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'an-id');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a-secret');
    onTestFinished(() => void vi.unstubAllEnvs());
    const sha256 = 'a'.repeat(64);
    const { endpoint } = await stubS3((_request, response) => {
      response.writeHead(200, { 'content-length': 10, 'x-amz-meta-sha256': sha256 }).end();
    });
    const bucket = 's3://a-bucket-with-a-name-that-is-long/and-a-prefix/of-two-parts';
    const { send, visit } = await openHouse({ artifacts: { buckets: [bucket], endpoint } });
    const release = (version: string) => ({
      version,
      sizeBytes: 10,
      sha256,
      signature: `${'A'.repeat(86)}==`,
    });
    await send('POST', '/releases', { release: release('1.0'), bucket });
    const url = 'https://downloads.example.com/agent.tar.gz';
    await send('POST', '/releases', { release: release('1.1'), url });
    const { page, complaints } = await visit('#/jobs');
    await page.getByText(`kept in ${bucket}`).waitFor();
    await page.getByText('kept at downloads.example.com').waitFor();
    expect(await overflows(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('cancels a job after a question, and says why it stopped', async () => {
    const { get, send, visit } = await openHouse();
    await send('POST', '/things', { name: 'first' });
    await send('POST', '/jobs', { id: 'say', targets: 'all', document: { operation: 'say' } });
    const { page } = await visit('#/jobs/say');
    await page.getByRole('button', { name: 'Cancel say' }).click();
    expect(await get<JobView>('/jobs/say')).toMatchObject({ status: 'IN_PROGRESS' });
    await page.getByRole('button', { name: 'Cancel the job' }).click();
    await page.getByText('It was stopped: cancelled by the user.').waitFor();
    expect(await get<JobView>('/jobs/say')).toMatchObject({ status: 'CANCELED' });
  });

  test('says what to do when the files of a page are gone, as after an update', async () => {
    const { visit } = await openHouse();
    const { page } = await visit('');
    await page.route('**/assets/pages-*.js', (route) => route.abort());
    await page.getByRole('link', { name: 'Devices', exact: true }).click();
    await page.getByText('This page cannot be loaded. Reload it.').waitFor();
    await page.unroute('**/assets/pages-*.js');
    await page.reload();
    await page.getByText('No device yet').waitFor();
  });

  test.each(['#/projects', '#/projects/Household', '#/devices', '#/workflows', '#/jobs'])(
    '%s is readable from a phone to a desk, in both colour schemes',
    async (place) => {
      const { send, visit } = await openHouse();
      await send('POST', '/things', { name: 'a-device-with-a-very-long-name-1' });
      await send('POST', '/projects', household);
      await send('POST', '/projects/Household/placements', {
        placementName: 'a-place-with-a-name-that-is-longer-than-most',
        attributes: { room: 'the one behind the stairs, where the coats are' },
      });
      const { page } = await visit(place);
      await page.getByRole('heading', { level: 2 }).first().waitFor();
      await page.getByText('Loading …').waitFor({ state: 'detached' });
      await expectReadable(page);
    },
  );
});

const names = ['first', 'second', 'third'];

async function report(devices: readonly MqttClient[], at: number, update: object): Promise<void> {
  const topic = `$aws/things/${names[at]}/jobs/roll-out/update`;
  await devices[at]?.publishAsync(topic, JSON.stringify(update), { qos: 1 });
}
