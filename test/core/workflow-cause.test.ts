import { expect, test } from 'vitest';
import { causeText } from '../../core/workflow-cause.js';

test('of the JSON that a failed action tells, people get the sentence', () => {
  expect(causeText('{"errorType":"TypeError","errorMessage":"nobody answers"}')).toBe('nobody answers');
});

test('of other JSON they get its pairs', () => {
  expect(causeText('{"status":404,"reason":"gone","at":{"host":"nas"}}')).toBe(
    'status: 404, reason: gone, at: {"host":"nas"}',
  );
  expect(causeText('{"errorType":"Error","errorMessage":""}')).toBe('errorType: Error, errorMessage: ');
});

test.each(['', 'The door is open.', '{not JSON', '[1, 2]'])('%j stays as it is', (cause) => {
  expect(causeText(cause)).toBe(cause);
});
