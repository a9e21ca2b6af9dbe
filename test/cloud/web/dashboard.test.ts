import { readFile } from 'node:fs/promises';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { bundleFolder, contrastFaults, describeInChromium, type OpenPage, openPage } from './browser.js';
import {
  type Canned,
  click,
  emptyHousehold,
  household,
  iso,
  minuteMs,
  progress,
  report,
  run,
  thing,
} from './canned-data.js';
import { DashboardServer, dashboardToken } from './dashboard-server.js';

/** The console's errors, and requests to another host, are complaints too. */
interface Dashboard extends OpenPage {
  readonly server: DashboardServer;
}

interface OpenOptions {
  readonly canned?: Canned;
  readonly isSignedIn?: boolean;
  readonly context?: BrowserContextOptions;
}

async function openDashboard(options: OpenOptions = {}): Promise<Dashboard> {
  const { isSignedIn = true } = options;
  const canned = options.canned ?? household(Date.now());
  const server = await DashboardServer.open({ bundle: bundleFolder(), canned, isSignedIn });
  onTestFinished(() => server.close());
  const { page, complaints } = await openPage({ locale: 'en-GB', ...options.context });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url)) complaints.push(`foreign request: ${request.url()}`);
  });
  await page.goto(server.url);
  if (isSignedIn) await page.getByText('Live', { exact: true }).waitFor();
  return { page, server, complaints };
}

function card(page: Page, name: string): Locator {
  return page.getByRole('article', { name });
}

/** The little of a canvas and of an element that is used here; the tests know no browser types. */
interface Canvas {
  readonly width: number;
  readonly height: number;
  getContext(kind: '2d'): {
    getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray };
  };
}
interface Box {
  readonly clientWidth: number;
  querySelector(selector: string): Box;
  computedStyleMap(): { get(property: string): unknown };
}

/** How many pixels of a chart have the green of its line and band; axes and grid are grey. */
function inkOf(chart: Locator): Promise<number> {
  return chart.locator('canvas').evaluate((element) => {
    const canvas = element as unknown as Canvas;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let ink = 0;
    for (let at = 0; at < data.length; at += 4) if ((data[at + 1] ?? 0) - (data[at] ?? 0) > 60) ink += 1;
    return ink;
  });
}

/** Widths of a chart's box and of its canvas, in CSS pixels. */
function widthsOf(chart: Locator): Promise<number[]> {
  return chart.evaluate((element) => {
    const box = element as unknown as Box;
    return [box.clientWidth, box.querySelector('canvas').clientWidth];
  });
}

describeInChromium('the dashboard', () => {
  test('shows every section with its content, asks no other host and complains of nothing', async () => {
    const { page, complaints } = await openDashboard();
    for (const title of ['Buttons', 'Activity', 'Sensors', 'Backups']) {
      expect(await page.getByRole('region', { name: title, exact: true }).isVisible()).toBe(true);
    }
    expect(await page.getByRole('link', { name: 'Devices online 3 of 4' }).count()).toBe(1);
    expect(await card(page, 'front-door').textContent()).toMatch(
      /Online[\s\S]*Single, 3 minutes ago[\s\S]*97 %/,
    );
    expect(await card(page, 'garden-gate').textContent()).toMatch(/Offline[\s\S]*seen 2 hours ago/);
    expect(await card(page, 'Room pressure, attic').textContent()).toMatch(/1,013\.3 hPa/);
    expect(await card(page, 'photos').textContent()).toContain('12 minutes ago, 1,204 files, 3.1 MB added');
    expect(await card(page, 'documents').textContent()).toMatch(/Failed[\s\S]*access denied/);
    expect(complaints).toEqual([]);
  });

  test('presses a simulated button and follows the press to the end of its action', async () => {
    const { page, server, complaints } = await openDashboard();
    const door = card(page, 'front-door');
    const journey = door.locator('.journey');
    await door.getByRole('radio', { name: 'Double' }).check();
    const pressed = server.nextPress();
    await door.getByRole('button', { name: 'Press front-door' }).click();
    await pressed;
    expect(server.presses).toEqual([{ thing: 'front-door', body: { button: 'main', pattern: 'DOUBLE' } }]);
    await journey.getByText('Pending: waiting for the device').waitFor();
    server.send({ type: 'click', data: click('new', Date.now(), { clickType: 'DOUBLE' }) });
    await journey.getByText(/^Stored after \d/).waitFor();
    server.send({ type: 'run', data: run('new-run', 'new', { state: 'RUNNING', durationMs: null }) });
    await journey.getByText('The action is running').waitFor();
    server.send({ type: 'run', data: run('new-run', 'new') });
    await journey.getByText(/^Action succeeded, .*s after the press\.$/).waitFor();
    await page.getByRole('status').getByText('send-mail succeeded after 184 ms.').waitFor();
    expect(await page.locator('.row').first().textContent()).toMatch(
      /front-door\s*Double press[\s\S]*Succeeded/,
    );
    expect(complaints).toEqual([]);
  });

  test('says why an action failed', async () => {
    const { page, server } = await openDashboard();
    const pressed = server.nextPress();
    await page.getByRole('button', { name: 'Press front-door' }).click();
    await pressed;
    server.send({ type: 'click', data: click('new', Date.now()) });
    const failed = { state: 'FAILED', error: 'The lamp does not answer.' } as const;
    server.send({ type: 'run', data: run('new-run', 'new', failed) });
    await page
      .locator('.journey')
      .getByText(/^Action failed, .* The lamp does not answer\.$/)
      .waitFor();
  });

  test('shows the sentence of the backend when a press is refused', async () => {
    const { page, server } = await openDashboard();
    server.refusal = 'The line of front-door is real.';
    await page.getByRole('button', { name: 'Press front-door' }).click();
    await page.locator('.journey').getByText('The line of front-door is real.').waitFor();
  });

  test('offers no press on a real line and none on a device that is offline', async () => {
    const { page, server } = await openDashboard();
    expect(await page.getByRole('button', { name: 'Press workshop, green' }).count()).toBe(0);
    const gate = page.getByRole('button', { name: 'Press garden-gate' });
    expect(await gate.getAttribute('aria-disabled')).toBe('true');
    await gate.click({ force: true });
    server.send({ type: 'thing', data: thing('garden-gate') });
    await page.locator('[aria-label^="Press garden-gate"][aria-disabled="false"]').waitFor();
    expect(server.presses).toEqual([]);
  });

  test('opens the log of a run with the keyboard', async () => {
    const { page } = await openDashboard();
    const row = page.locator('.row').nth(1);
    const toggle = row.getByRole('button', { name: /^Details/ });
    await toggle.focus();
    await page.keyboard.press('Enter');
    await row.getByText('452 4.2.2 mailbox full').waitFor();
    expect(await toggle.getAttribute('aria-expanded')).toBe('true');
  });

  test('shows what is the matter and what to do, also at the device, and offers a sentence for a new rule', async () => {
    const { page, server, complaints } = await openDashboard();
    page.setDefaultTimeout(4_000);
    const section = page.locator('#alarms');
    await section.getByText('garden-gate has not been connected', { exact: false }).waitFor();
    await section.getByText('Look whether the device has power', { exact: false }).waitFor();
    await page.getByRole('article', { name: 'garden-gate' }).getByText('Garden gate is offline').waitFor();
    await section.getByRole('button', { name: 'New rule' }).click();
    await section.getByLabel('What happens').selectOption('above');
    await section.getByRole('button', { name: 'Make the rule' }).click();
    await section.getByText('Choose what is measured.').waitFor();
    const [first] = server.canned.alarms;
    server.send({ type: 'alarm', data: { ...first!, state: 'OK' } });
    await section
      .getByText('garden-gate has not been connected', { exact: false })
      .waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  });

  test('makes the files for the card of a new device, which can be saved', async () => {
    const { page, complaints } = await openDashboard();
    await page.getByRole('button', { name: 'Add a device' }).click();
    const form = page.getByRole('form', { name: 'New device' });
    const make = form.getByRole('button', { name: 'Make the files for its card' });
    await make.click();
    expect(await form.getByRole('alert').textContent()).toContain('Give it a name');
    await form.getByLabel('Name').fill('front-door');
    await make.click();
    await form.getByText('There is a thing named "front-door" already.').waitFor();
    complaints.length = 0; // The browser tells of the answer 409, which is the point.
    const again = form.getByRole('button', { name: 'Make a new card for the front-door that exists' });
    await again.click();
    await page.getByText('Then press the button').waitFor();
    await page.locator('#add-device').getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Add a device' }).click();
    await form.getByLabel('Name').fill('hall');
    await form.getByLabel('Rover').check();
    await form.getByLabel('Wi-Fi network').fill('home');
    await form.getByLabel('Its password').fill('a long password');
    await make.click();
    await page.getByText('Then it shows up here by itself.').waitFor();
    const saved = page.waitForEvent('download');
    await page.getByRole('link', { name: 'user-data' }).click();
    const file = await saved;
    expect(file.suggestedFilename()).toBe('user-data');
    expect(JSON.parse(await readFile(await file.path(), 'utf8'))).toEqual({
      name: 'hall',
      board: 'rover',
      renew: false,
      wifi: { ssid: 'home', password: 'a long password', country: 'GB' },
    });
    expect(complaints).toEqual([]);
  });

  test('draws the charts and follows a reading', async () => {
    const { page, server, complaints } = await openDashboard();
    const room = card(page, 'Room temperature, attic');
    const chart = room.getByRole('img');
    await room.getByText(/^Low 20\.\d °C/).waitFor();
    await expect.poll(() => inkOf(chart)).toBeGreaterThan(300);
    const time = iso(Date.now());
    server.send({
      type: 'reading',
      data: { thing: 'attic', series: 'room.temperature', unit: 'Cel', time, value: 27.35 },
    });
    await room.getByText('27.4 °C', { exact: true }).waitFor();
    await room.getByText(/high 27\.4 °C$/).waitFor();
    expect(await chart.getAttribute('aria-label')).toContain('high 27.4 °C');
    expect(complaints).toEqual([]);
  });

  test('switches the charts to the last day, with a band around the mean', async () => {
    const { page, server } = await openDashboard();
    const room = card(page, 'Room temperature, attic');
    await room.getByText(/^Low/).waitFor();
    const liveInk = await inkOf(room.getByRole('img'));
    await page.getByRole('radio', { name: 'Day', exact: true }).check();
    await expect.poll(() => inkOf(room.getByRole('img'))).toBeGreaterThan(liveInk * 2);
    const asked = new URL(server.requests.findLast((path) => path.includes('/telemetry')) ?? '', server.url);
    const { from, to, maxPoints } = Object.fromEntries(asked.searchParams);
    expect(Date.parse(to ?? '') - Date.parse(from ?? '')).toBe(24 * 3_600_000);
    expect(Number(maxPoints)).toBe(288);
  });

  test('resizes the charts with the window', async () => {
    const { page } = await openDashboard();
    const chart = card(page, 'Room temperature, attic').getByRole('img');
    const [before = 0] = await widthsOf(chart);
    await page.setViewportSize({ width: 500, height: 800 });
    await expect.poll(async () => new Set(await widthsOf(chart)).size).toBe(1);
    expect((await widthsOf(chart))[0]).toBeLessThan(before);
  });

  test('asks for the token without a session, refuses a wrong one and takes the right link', async () => {
    const { page } = await openDashboard({ isSignedIn: false });
    await page.getByRole('heading', { name: 'Sign in to Gatehouse' }).waitFor();
    expect(await page.getByText('gatehouse dashboard', { exact: true }).count()).toBe(1);
    await page.getByLabel('Token').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('That token was not accepted').waitFor();
    await page.getByLabel('Token').fill(`http://127.0.0.1/login?token=${dashboardToken}`);
    await page.keyboard.press('Enter');
    await page.getByText('Live', { exact: true }).waitFor();
    expect(page.url()).not.toContain(dashboardToken);
  });

  test('says that the connection is lost, comes back by itself and shows what it missed', async () => {
    const { page, server } = await openDashboard();
    server.isCut = true;
    server.cutStreams();
    await page.getByRole('alert').getByText('Connection lost, retrying.').waitFor();
    expect(await page.getByText('Connection lost', { exact: true }).count()).toBe(1);
    const { overview } = server.canned;
    const missed = click('missed', Date.now(), { thing: 'workshop', clickType: 'LONG' });
    server.canned = { ...server.canned, overview: { ...overview, clicks: [missed, ...overview.clicks] } };
    server.isCut = false;
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.locator('.row').first().getByText('Long press').waitFor();
  });

  test('shows a backup as it runs, when data was verified, and how long runs took', async () => {
    const { page, server, complaints } = await openDashboard();
    const photos = card(page, 'photos');
    const running = { state: 'RUNNING' as const, endedAt: null };
    const send = (bytesDone: number) =>
      server.send({
        type: 'backup',
        data: report('photos', 'live', Date.now() + 42_000, {
          ...running,
          progress: progress(Date.now(), { bytesDone }),
          verification: { endedAt: iso(Date.now() - 60 * minuteMs), isSound: true, part: '3/30' },
        }),
      });
    send(820_000_000);
    await photos.getByText(/^10 %, 504 of 1,204 files, 820 MB at 80 MB\/s/).waitFor();
    send(6_560_000_000);
    const bar = photos.getByRole('progressbar', { name: 'Progress of the backup' });
    await photos.getByText(/^80 %.*300 MB sent at 1\.9 MB\/s, 2 errors, about 4 min left$/).waitFor();
    expect(await bar.getAttribute('value')).toBe('80');
    await photos.getByText('Data verified 1 hour ago, part 3/30').waitFor();
    await photos.getByText('Duration and size of runs').click();
    const chart = photos.getByRole('img', { name: 'Duration and added bytes of photos over time' });
    await expect.poll(() => inkOf(chart)).toBeGreaterThan(50);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(1280);
    expect(complaints).toEqual([]);
  });

  test('says what to do next where there is nothing yet', async () => {
    const { page, complaints } = await openDashboard({ canned: emptyHousehold(Date.now()) });
    for (const command of ['device create front-door', 'device press front-door', 'up', 'gateway run']) {
      expect(await page.getByText(`gatehouse ${command}`, { exact: true }).count()).toBe(1);
    }
    expect(complaints).toEqual([]);
  });

  test.each([320, 390, 768, 1440])('never scrolls sideways at a width of %i', async (width) => {
    const { page } = await openDashboard({ context: { viewport: { width, height: 800 } } });
    await card(page, 'Room temperature, attic').getByText(/^Low/).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  });

  test('shows where the keyboard focus is and starts with a link to the content', async () => {
    const { page } = await openDashboard();
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    expect(await focused.textContent()).toBe('Skip to content');
    const outline = await focused.evaluate((element) =>
      String((element as unknown as Box).computedStyleMap().get('outline-style')),
    );
    expect(outline).toBe('solid');
  });

  test.each(['light', 'dark'] as const)(
    'has readable text in the %s scheme (WCAG 2.2, 1.4.3)',
    async (colorScheme) => {
      const { page } = await openDashboard({ context: { colorScheme } });
      expect(await page.evaluate(contrastFaults)).toEqual([]);
    },
  );
});
