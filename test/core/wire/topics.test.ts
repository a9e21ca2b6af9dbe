import { describe, expect, it } from 'vitest';
import { everyThing, parseThingTopic, thingNamePattern, thingTopic } from '../../../core/wire/topics.js';

describe('topics', () => {
  it('lie below the prefix of their thing', () => {
    expect(thingTopic('front-door_1', 'click')).toBe('gatehouse/v1/front-door_1/click');
    expect(everyThing('status')).toBe('gatehouse/v1/+/status');
    expect(parseThingTopic(thingTopic('door', 'command'))).toEqual({ thing: 'door', rest: 'command' });
    expect(parseThingTopic('$aws/things/door/shadow/update')).toEqual({
      thing: 'door',
      rest: 'shadow/update',
    });
  });

  it.each([
    'gatehouse/v1/door',
    'gatehouse/v1/door/',
    'gatehouse/v1//click',
    'gatehouse/v1/+/click',
    'gatehouse/v1/#',
    'gatehouse/v2/door/click',
    'x/gatehouse/v1/door/click',
    '$aws/things/a b/shadow',
    '$share/g/gatehouse/v1/door/click',
    '#',
    '',
    `gatehouse/v1/${'x'.repeat(129)}/click`,
  ])('"%s" belongs to no thing', (topic) => {
    expect(parseThingTopic(topic)).toBeUndefined();
  });

  it('the name of a thing cannot hold what has a meaning in a topic', () => {
    for (const name of ['a/b', '+', '#', '$x', 'a b', 'ä', 'a\n', ''])
      expect(thingNamePattern.test(name)).toBe(false);
    for (const name of ['a', 'A-1_b', 'x'.repeat(128)]) expect(thingNamePattern.test(name)).toBe(true);
  });
});
