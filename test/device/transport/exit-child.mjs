/** Child process of the transport contract: must end by itself after `close`. */
import { systemClock } from '../../../dist/core/clock.js';
import { silentLogger } from '../../../dist/core/log.js';
import { openMqtt5 } from '../../../dist/device/transport/sdk-mqtt5.js';
import { openMqtt311 } from '../../../dist/device/transport/sdk-mqtt311.js';

const [protocol, state, options] = process.argv.slice(2);
const open = protocol === '5' ? openMqtt5 : openMqtt311;
const transport = await open({ ...JSON.parse(options), clock: systemClock, log: silentLogger });
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
