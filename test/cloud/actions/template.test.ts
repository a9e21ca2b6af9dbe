import { expect, test } from 'vitest';
import { buildClickEvent } from '../../../cloud/actions/event.js';
import { fillTemplate } from '../../../cloud/actions/template.js';

const event = eventWith({ Building: 'Main', floor: '2', 'Room Name': '{{Building}}' });

function eventWith(attributes: Record<string, string> | undefined) {
  return buildClickEvent({
    thing: 'door-1',
    type: 'button',
    clickType: 'DOUBLE',
    receivedMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    remainingLife: 99.5,
    placement: attributes && {
      projectName: 'P',
      placementName: 'Q',
      deviceTemplateName: 'T',
      attributes,
      devices: { T: 'door-1' },
    },
    region: 'us-west-2',
  });
}

test('{{*}} lists every attribute, one per line, sorted by name', () => {
  expect(fillTemplate('{{*}}', event)).toBe('Building: Main\nRoom Name: {{Building}}\nfloor: 2');
});

test('an attribute is taken by its exact name and never expanded again', () => {
  expect(fillTemplate('{{Building}} / {{ Room Name }}', event)).toBe('Main / {{Building}}');
});

test('the click fills clickType, deviceId and time', () => {
  expect(fillTemplate('{{clickType}} {{deviceId}} {{time}}', event)).toBe(
    'DOUBLE door-1 2026-01-02T03:04:05.678Z',
  );
});

test.each(['building', 'Floor', 'toString', '__proto__'])('the missing attribute %s is named', (name) => {
  expect(() => fillTemplate(`in {{${name}}}`, event)).toThrow(
    expect.objectContaining({ code: 'MISSING_ATTRIBUTE', message: expect.stringContaining(`"${name}"`) }),
  );
});

test('a device without placement has no attributes', () => {
  expect(() => fillTemplate('{{Building}}', eventWith(undefined))).toThrow(/no attribute "Building"/);
  expect(() => fillTemplate('{{*}}', eventWith(undefined))).toThrow(
    expect.objectContaining({ code: 'MISSING_ATTRIBUTE' }),
  );
});

test('an event of another kind is reached by its paths, never what every object inherits', () => {
  const event = { alarm: { name: 'hot', state: 'ALARM', value: 31.5 }, time: '2026-01-02T03:04:05.678Z' };
  expect(fillTemplate('{{alarm.name}} {{alarm.value}} {{time}}', event)).toBe(
    'hot 31.5 2026-01-02T03:04:05.678Z',
  );
  for (const name of ['alarm', 'alarm.none', 'alarm.constructor', 'clickType']) {
    expect(() => fillTemplate(`{{${name}}}`, event)).toThrow(`no attribute "${name}"`);
  }
});
