/** A running server for restic's REST protocol, with two users. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { silentLogger } from '../../core/log.js';
import { Authority } from '../../core/pki/authority.js';
import { Secret } from '../../core/secret.js';
import { openRestServer } from '../../gateway/rest/server.js';
import { RestUsers, type UserSettings } from '../../gateway/rest/users.js';
import { temporaryFolder } from './temporary-folder.js';

export const annaSecret = 'a password for anna';

/** Users `anna`, with these settings, and `bert`. Closed when the test ends. */
export async function serveTestUsers(settings: Partial<UserSettings> = {}, withTls = false) {
  const folder = await temporaryFolder();
  const usersFile = join(folder, 'users.json');
  const users = new RestUsers(usersFile, systemClock);
  await users.set('anna', new Secret(annaSecret), { appendOnly: false, quotaBytes: null, ...settings });
  await users.set('bert', new Secret('a password for bert'), { appendOnly: false, quotaBytes: null });
  const certificates = join(folder, 'certificates');
  const authority = withTls
    ? await Authority.open({ directory: certificates, clock: systemClock })
    : undefined;
  const tls = await authority?.serverCertificate([]);
  const root = join(folder, 'root');
  const server = await openRestServer({
    host: '127.0.0.1',
    port: 0,
    ...(tls === undefined ? {} : { tls }),
    root,
    usersFile,
    clock: systemClock,
    log: silentLogger,
  });
  onTestFinished(() => server.close());
  return { folder, root, users, server, caFile: join(certificates, 'ca.pem') };
}
