import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { Secret } from '../../../core/secret.js';
import { addKey, changePassword, listKeys, removeKey } from '../../../gateway/commands/keys.js';
import { openWith, testPassword, withTestRepository } from '../../support/restic.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const cheap = { clock: systemClock, scryptCost: { n: 1024, r: 8, p: 1 } };

describe('keys', () => {
  it('are added, listed and removed, but never the one in use', async () => {
    const folder = join(await temporaryFolder(), 'repository');
    await withTestRepository(folder, 'init', async (repository) => {
      const [first] = await listKeys(repository);
      const second = await addKey(repository, { ...cheap, password: new Secret('two'), username: 'bob' });
      expect(await listKeys(repository)).toMatchObject([
        { id: first?.id, isCurrent: true },
        { id: second, isCurrent: false, username: 'bob' },
      ]);
      const inUse = first?.id.slice(0, 12) ?? '';
      await expect(removeKey(repository, inUse)).rejects.toMatchObject({ code: 'KEY_IN_USE' });
      await expect(removeKey(repository, 'x')).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
      await expect(removeKey(repository, '')).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
      expect(await openWith(folder, 'two', async ({ id }) => id)).toBe(repository.id);
      await removeKey(repository, second.slice(0, 12));
      await expect(openWith(folder, 'two', async () => {})).rejects.toMatchObject({ code: 'WRONG_PASSWORD' });
    });
  });

  it('lets a new password take the place of the old one', async () => {
    const folder = join(await temporaryFolder(), 'repository');
    await withTestRepository(folder, 'init', (repository) =>
      changePassword(repository, { ...cheap, password: new Secret('new') }),
    );
    expect(await openWith(folder, 'new', listKeys)).toHaveLength(1);
    await expect(openWith(folder, testPassword, listKeys)).rejects.toMatchObject({ code: 'WRONG_PASSWORD' });
  });
});
