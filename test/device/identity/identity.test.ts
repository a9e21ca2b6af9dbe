import { describe, expect, it } from 'vitest';
import { checkValidity } from '../../../device/identity/identity.js';

const validFrom = new Date('2026-03-01T00:00:00Z');
const validTo = new Date('2036-03-01T00:00:00Z');
const at = (text: string) => () => checkValidity({ validFrom, validTo }, Date.parse(text));

function errorOf(work: () => void): { code: string; message: string; hint: string; retryable: boolean } {
  try {
    work();
  } catch (error) {
    return error as never;
  }
  throw new Error('nothing was thrown');
}

describe('the validity of a certificate', () => {
  it('is accepted within its time, also by a clock that lags a little', () => {
    expect(at('2027-01-01T00:00:00Z')).not.toThrow();
    expect(at('2026-02-28T23:30:00Z')).not.toThrow();
  });

  it('blames the clock when it is before the begin, and may be tried again', () => {
    const error = errorOf(at('1970-01-01T00:00:10Z'));
    expect(error).toMatchObject({ code: 'CERTIFICATE_EXPIRED', retryable: true });
    expect(error.message).toContain('the clock is wrong');
    expect(error.hint).toContain('timedatectl');
  });

  it('names the remedy when the certificate has ended', () => {
    const error = errorOf(at('2036-03-01T00:00:01Z'));
    expect(error).toMatchObject({ code: 'CERTIFICATE_EXPIRED', retryable: false });
    expect(error.message).toContain('2036-03-01T00:00:00.000Z');
    expect(error.hint).toContain('new claim token');
  });
});
