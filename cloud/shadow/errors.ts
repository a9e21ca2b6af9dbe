/** Errors of shadow requests that came over HTTP; over MQTT the same faults are `rejected` answers. */
import { GatehouseError } from '../../core/errors.js';
import type { Rejection } from './request.js';

const codes: Readonly<Record<Rejection['code'], string>> = {
  400: 'SHADOW_INVALID',
  403: 'SHADOW_INVALID',
  404: 'SHADOW_UNKNOWN',
  409: 'SHADOW_CHANGED',
  413: 'SHADOW_TOO_LARGE',
  415: 'SHADOW_INVALID',
  429: 'SHADOW_INVALID',
  500: 'SHADOW_INVALID',
};

/** The shadow cannot be changed like that, is not there, or was changed meanwhile: see the message. */
export function shadowRefused({ code, message }: Rejection): GatehouseError {
  return new GatehouseError(codes[code], `${message}.`, {
    ...(code === 409 && { hint: 'Read the shadow again and repeat the change on what it holds now.' }),
  });
}
