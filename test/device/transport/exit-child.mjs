/** Child process of the transport tests: says which library it got, and must end by itself after `close`. */
import { systemClock } from '../../../dist/core/clock.js';
import { silentLogger } from '../../../dist/core/log.js';
import { openTransport } from '../../../dist/device/transport/open.js';

const [library, protocol, state, options] = process.argv.slice(2);
const choice = { protocol, transport: library };
const settings = { ...JSON.parse(options), clock: systemClock, log: silentLogger };
const transport = await openTransport(choice, settings);
process.stdout.write(`${transport.library}\n`);
const connecting = transport.connect();
if (state === 'unreachable') {
  connecting.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 300));
} else {
  await connecting;
  await transport.publish('a/b', 'hello');
}
if (state === 'cut') {
  const lost = new Promise((resolve) => transport.onDisconnect(resolve));
  process.stdout.write('cut me\n');
  await lost;
}
await transport.close();
