/**
 * Opens the transport of the configured MQTT version and library, and loads only that one. `auto` is the
 * AWS IoT Device SDK where it has a binary for this machine, and the package `mqtt` elsewhere.
 */
import { hasCode } from '../../core/errors.js';
import { openMqttJs } from './mqtt-js.js';
import type { MqttLibrary, Transport, TransportOptions } from './transport.js';

export interface TransportChoice {
  readonly protocol: '3.1.1' | '5';
  readonly transport: MqttLibrary | 'auto';
}

/** @throws CREDENTIALS_UNUSABLE; SDK_UNAVAILABLE when `aws-crt` is asked for by name. */
export async function openTransport(choice: TransportChoice, options: TransportOptions): Promise<Transport> {
  const { protocol, transport } = choice;
  if (transport === 'mqtt') return openMqttJs(protocol, options);
  try {
    return await openSdk(protocol, options);
  } catch (error) {
    if (transport !== 'auto' || !hasCode(error, 'SDK_UNAVAILABLE')) throw error;
    options.log.info('no AWS IoT Device SDK for this machine, taking the package mqtt', {
      reason: error.message,
    });
    return openMqttJs(protocol, options);
  }
}

async function openSdk(protocol: '3.1.1' | '5', options: TransportOptions): Promise<Transport> {
  if (protocol === '5') {
    const { openMqtt5 } = await import('./sdk-mqtt5.js');
    return openMqtt5(options);
  }
  const { openMqtt311 } = await import('./sdk-mqtt311.js');
  return openMqtt311(options);
}
