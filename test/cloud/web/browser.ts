/** The Chromium in which the dashboard is tested. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { type Bundle, dashboardBundle } from './bundle.js';

const executablePath = '/usr/bin/chromium';
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
];

const isAbsent = !existsSync(executablePath);
const skipReason = isAbsent ? ' (skipped: /usr/bin/chromium is not installed)' : '';

let browser: Browser;
let bundle: Bundle;

/** Tests that share one browser and one bundle, each with pages of its own. */
export function describeInChromium(name: string, tests: () => void): void {
  describe.skipIf(isAbsent)(`${name} in Chromium${skipReason}`, () => {
    beforeAll(async () => {
      bundle = await dashboardBundle();
      browser = await chromium.launch({ executablePath, args });
    }, 90_000);

    afterAll(async () => {
      await browser?.close();
      await bundle?.remove();
    });

    tests();
  });
}

export function bundleFolder(): string {
  return bundle.folder;
}

export interface OpenPage {
  readonly page: Page;
  /** What uncaught errors said; a test may add what else it does not want. */
  readonly complaints: string[];
}

/** Without cookies; ends with the test. */
export async function openPage(options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { page, complaints };
}

/** Lists every text whose colour stands out from its ground by less than 4.5 : 1 (3 : 1 when large). */
export const contrastFaults = `(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const faults = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest('svg, .uplot, .visually-hidden')) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(parse(style.color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const limit = parseFloat(style.fontSize) >= 24 ? 3 : 4.5;
    if (ratio < limit) faults.push(element.textContent.trim() + ': ' + ratio.toFixed(2));
  }
  return faults;
})()`;
