/** The package mqtt over MQTT 5 against a stock broker; over 3.1.1 it is among the quick tests. */
import { describe } from 'vitest';
import { openMqttJs } from '../../device/transport/mqtt-js.js';
import { transportContract } from '../contracts/transport.js';
import { mosquittoPath, startMosquitto } from '../support/test-brokers.js';

describe.skipIf(mosquittoPath === undefined)(
  'the package mqtt over MQTT 5 against Mosquitto (skipped where mosquitto is not installed)',
  () => {
    transportContract({
      library: 'mqtt',
      protocol: '5',
      startBroker: startMosquitto,
      open: (options) => openMqttJs('5', options),
    });
  },
);
