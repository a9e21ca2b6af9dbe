import { expect, test } from 'vitest';
import { cardProblem, cardRequestOf, emptyCardDraft } from '../../../../../cloud/web/app/state/card-draft.js';
import { cardRequest } from '../../../../../core/wire/cards.js';

const filled = { ...emptyCardDraft('de-AT'), name: 'hall', ssid: 'home', password: 'a long password' };

test('a filled-in form makes a request that the backend takes', () => {
  expect(cardProblem(filled)).toBeUndefined();
  expect(cardRequest.parse(cardRequestOf({ ...filled, country: 'at' }, false))).toEqual({
    name: 'hall',
    board: 'button-box',
    renew: false,
    wifi: { ssid: 'home', password: 'a long password', country: 'AT' },
  });
});

test('without a network it asks for none, whatever stands in the other fields', () => {
  const byCable = { ...filled, ssid: '', password: 'short', country: '' };
  expect(cardProblem(byCable)).toBeUndefined();
  expect(cardRequestOf(byCable, false)).not.toHaveProperty('wifi');
});

test.each([
  [{ name: '' }, /name/],
  [{ name: 'front door' }, /name/],
  [{ password: 'short' }, /8 characters/],
  [{ country: 'Austria' }, /two letters/],
])('says what is missing: %o', (change, sentence) => {
  expect(cardProblem({ ...filled, ...change })).toMatch(sentence);
});

test('the country is that of the browser where it tells one', () => {
  expect(emptyCardDraft('de-AT').country).toBe('AT');
  expect(emptyCardDraft('de').country).toBe('GB');
  expect(emptyCardDraft('zh-Hant-TW').country).toBe('TW');
});
