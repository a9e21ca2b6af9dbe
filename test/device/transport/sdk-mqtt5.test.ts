import { describe } from 'vitest';
import { openMqtt5 } from '../../../device/transport/sdk-mqtt5.js';
import { transportContract } from '../../contracts/transport.js';
import { mosquittoPath, startMosquitto } from '../../support/test-brokers.js';

const absent = mosquittoPath === undefined;

describe.skipIf(absent)(
  'the SDK over MQTT 5 against Mosquitto (skipped where mosquitto is not installed)',
  () => {
    transportContract({ library: 'aws-crt', protocol: '5', startBroker: startMosquitto, open: openMqtt5 });
  },
);
