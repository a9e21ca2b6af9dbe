/** Child process of the provisioning tests: says that it begins, provisions, ends. Gets killed. */
import { systemClock } from '../../../dist/core/clock.js';
import { parseClaimToken } from '../../../dist/core/wire/claim-token.js';
import { provision } from '../../../dist/device/identity/provision.js';

// Loaded before the start signal, so that the kills fall into the work itself.
await import('../../../dist/core/x509.js');

const [folder, token] = process.argv.slice(2);
process.stdout.write('begin\n');
await provision({ folder, token: parseClaimToken(token), clock: systemClock });
