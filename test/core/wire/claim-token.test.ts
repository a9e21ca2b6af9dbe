import { describe, expect, it } from 'vitest';
import { formatClaimToken, parseClaimToken } from '../../../core/wire/claim-token.js';

const token = { host: 'nas.local', port: 8444, caSha256: 'ab'.repeat(32), secret: 'S'.repeat(43) };

describe('a claim token', () => {
  it.each(['nas.local', '192.168.1.20', 'fd00::1', 'a-b.c'])(
    'names the host %s and comes back whole',
    (host) => {
      expect(parseClaimToken(formatClaimToken({ ...token, host }))).toEqual({ ...token, host });
    },
  );

  it('is one word that a shell leaves alone, and may be pasted with blanks around it', () => {
    const text = formatClaimToken(token);
    expect(text).toMatch(/^ghct1\.[A-Za-z0-9_-]+$/);
    expect(parseClaimToken(`  ${text}\n`)).toEqual(token);
  });

  it.each([
    ['nothing', ''],
    ['another version', formatClaimToken(token).replace('ghct1', 'ghct2')],
    ['half of it', formatClaimToken(token).slice(0, 80)],
    ['a short secret', formatClaimToken({ ...token, secret: 'short' })],
    ['a digest in capitals', formatClaimToken({ ...token, caSha256: 'AB'.repeat(32) })],
    ['no host', formatClaimToken({ ...token, host: '' })],
  ])('is refused when it is %s', (_, text) => {
    expect(() => parseClaimToken(text)).toThrow(expect.objectContaining({ code: 'CLAIM_TOKEN_MALFORMED' }));
  });
});
