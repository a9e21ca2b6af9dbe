/** Every error of a transport. What the SDK throws (strings, `CrtError`) is wrapped here and nowhere else. */
import { GatehouseError, messageOf } from '../../core/errors.js';

/** There is no connection, or it went before the acknowledgement: send again after the reconnect. */
export const linkDown = (reason: string) =>
  new GatehouseError('LINK_DOWN', `There is no connection to the broker: ${reason}.`, {
    retryable: true,
    context: { reason },
    hint: 'Nothing is lost: what is stored is sent when the connection is back.',
  });

/** The broker took the message's bytes but did not acknowledge it in time: send it again. */
export const publishTimeout = (topic: string, limitMs: number) =>
  new GatehouseError('PUBLISH_TIMEOUT', `The broker did not acknowledge within ${limitMs} ms.`, {
    retryable: true,
    context: { topic, limitMs },
  });

/** The broker refused the message; sending it again may be refused again. */
export const publishRefused = (topic: string, reasonCode: number) =>
  new GatehouseError('PUBLISH_REFUSED', `The broker refused a message on ${topic} (code ${reasonCode}).`, {
    retryable: true,
    context: { topic, reasonCode },
    hint: 'Check in the cloud that this device is enabled and may publish on its own topics.',
  });

/** The broker refused a subscription: this device gets no commands. */
export const subscribeRefused = (topic: string, reasonCode: number) =>
  new GatehouseError('SUBSCRIBE_REFUSED', `The broker refused to subscribe ${topic} (code ${reasonCode}).`, {
    retryable: true,
    context: { topic, reasonCode },
    hint: 'Check in the cloud that this device is enabled.',
  });

/** A call came after `close`: a mistake in the program that called. */
export const transportClosed = () =>
  new GatehouseError('TRANSPORT_CLOSED', 'The connection to the broker is closed.');

/** The SDK's native part is missing for this machine. Use the other transport. */
export const sdkUnavailable = (cause: unknown) =>
  new GatehouseError('SDK_UNAVAILABLE', `The AWS IoT Device SDK cannot be loaded: ${messageOf(cause)}.`, {
    cause,
    hint: 'It runs on 64-bit Linux (x64, arm64); elsewhere set mqtt.transport to "auto" or "mqtt".',
  });

/** The certificate, key or CA file cannot be used. Provision the device again. */
export const credentialsUnusable = (cause: unknown) =>
  new GatehouseError(
    'CREDENTIALS_UNUSABLE',
    `The device's certificate or key cannot be used: ${messageOf(cause)}.`,
    {
      cause,
      hint: 'Remove the folder "identity" in the data directory and start with a fresh claim token.',
    },
  );
