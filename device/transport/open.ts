/** Opens the transport of the configured MQTT version and loads only that one. */
import type { Transport, TransportOptions } from './transport.js';

/** @throws SDK_UNAVAILABLE, CREDENTIALS_UNUSABLE. */
export async function openTransport(protocol: '3.1.1' | '5', options: TransportOptions): Promise<Transport> {
  if (protocol === '5') {
    const { openMqtt5 } = await import('./sdk-mqtt5.js');
    return openMqtt5(options);
  }
  const { openMqtt311 } = await import('./sdk-mqtt311.js');
  return openMqtt311(options);
}
