/** How configurations name a line; a place on the header that carries no line is refused at once. */
import { z } from 'zod';
import { GatehouseError } from '../core/errors.js';
import { bcmNumber } from '../hardware/pin-name.js';

export const linePin = z
  .string()
  .regex(/^[A-Za-z0-9_.:/ -]{1,31}$/, 'a line such as GPIO17, or its place on the header such as "pin 11"')
  .superRefine((pin, context) => {
    try {
      bcmNumber(pin);
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  })
  .describe('Line: GPIO17 (BCM number), "pin 11" (place on the header), or its name in the kernel');
