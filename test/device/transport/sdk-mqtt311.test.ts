import { describe } from 'vitest';
import { openMqtt311 } from '../../../device/transport/sdk-mqtt311.js';
import { transportContract } from '../../contracts/transport.js';
import { startAedes } from '../../support/test-brokers.js';

describe('the SDK over MQTT 3.1.1 against Aedes', () => {
  transportContract({ library: 'aws-crt', protocol: '3.1.1', startBroker: startAedes, open: openMqtt311 });
});
