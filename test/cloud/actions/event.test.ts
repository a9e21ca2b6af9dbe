import { expect, test } from 'vitest';
import { functionArn, functionNameOf } from '../../../cloud/actions/arn.js';
import { buildClickEvent } from '../../../cloud/actions/event.js';
import { runIdOf } from '../../../cloud/actions/run-request.js';

const facts = {
  thing: 'G030PM0000000000',
  type: 'button',
  clickType: 'SINGLE' as const,
  receivedMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  remainingLife: 76.69,
  region: 'us-west-2',
};

test('the event of a placed button is the one of 1-Click, member for member', () => {
  const placement = {
    projectName: 'P',
    placementName: 'Q',
    deviceTemplateName: 'T',
    attributes: { room: '1001' },
    devices: { T: 'G030PM0000000000', U: 'G030PM0000000001' },
  };
  expect(buildClickEvent({ ...facts, placement })).toStrictEqual({
    deviceEvent: { buttonClicked: { clickType: 'SINGLE', reportedTime: '2026-01-02T03:04:05.678Z' } },
    deviceInfo: {
      attributes: {
        projectRegion: 'us-west-2',
        projectName: 'P',
        placementName: 'Q',
        deviceTemplateName: 'T',
      },
      type: 'button',
      deviceId: 'G030PM0000000000',
      remainingLife: 76.69,
    },
    placementInfo: {
      projectName: 'P',
      placementName: 'Q',
      attributes: { room: '1001' },
      devices: { T: 'G030PM0000000000', U: 'G030PM0000000001' },
    },
  });
});

test('placementInfo is absent, not null, for a device without a placement', () => {
  const event = buildClickEvent({ ...facts, placement: undefined });
  expect(event).not.toHaveProperty('placementInfo');
  expect(event.deviceInfo.attributes).toEqual({});
});

test('the id of a run is a UUID that follows from thing, cause and target', () => {
  const request = { source: { kind: 'click' as const, id: 'click-0001' }, thing: 'door', target: 'hello' };
  const id = runIdOf(request);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(runIdOf({ ...request, target: functionArn('hello') })).toBe(id);
  const others = [
    { ...request, target: 'other' },
    { ...request, thing: 'gate' },
    { ...request, source: { kind: 'manual' as const, id: 'click-0001' } },
  ];
  expect(new Set([id, ...others.map(runIdOf)]).size).toBe(4);
});

test('function names come out of ARNs, with or without a version', () => {
  expect(functionNameOf(functionArn('hello'))).toBe('hello');
  expect(functionNameOf('arn:aws:lambda:us-west-2:123456789012:function:a_b-c:PROD')).toBe('a_b-c');
  expect(functionNameOf('hello')).toBeUndefined();
});
