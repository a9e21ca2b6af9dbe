/** Loads the AWS IoT Device SDK on first use: it costs some 20 MB that other parts need not pay. */
import { sdkUnavailable } from './errors.js';

export type Sdk = typeof import('aws-iot-device-sdk-v2');

/** @throws SDK_UNAVAILABLE. */
export async function loadSdk(): Promise<Sdk> {
  try {
    return await import('aws-iot-device-sdk-v2');
  } catch (error) {
    throw sdkUnavailable(error);
  }
}
