import { describe } from 'vitest';
import { openMqttJs } from '../../../device/transport/mqtt-js.js';
import { transportContract } from '../../contracts/transport.js';
import { startAedes } from '../../support/test-brokers.js';

describe('the package mqtt over MQTT 3.1.1 against Aedes', () => {
  transportContract({
    library: 'mqtt',
    protocol: '3.1.1',
    startBroker: startAedes,
    open: (options) => openMqttJs('3.1.1', options),
  });
});
