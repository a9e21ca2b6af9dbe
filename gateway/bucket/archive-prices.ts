/** What fetching from the archive costs and how long it takes; for estimates before somebody agrees. */
import type { ThawTier } from './bucket.js';
import type { ArchiveClass } from './storage-class.js';

interface TierPrice {
  readonly perGib: number;
  readonly perThousandRequests: number;
  /** The longest that it typically takes. */
  readonly hours: number;
}

export interface ArchivePrices {
  readonly source: string;
  /** Day of the figures. */
  readonly asOf: string;
  readonly currency: string;
  /** A tier that is missing is not offered. */
  readonly classes: Readonly<Record<ArchiveClass, Partial<Record<ThawTier, TierPrice>>>>;
  /** The readable copy, per GiB and month of 30 days. */
  readonly copyPerGibMonth: number;
}

/**
 * From summaries of AWS's price list, not from the list itself; those per thousand requests of
 * DEEP_ARCHIVE are unconfirmed. Other regions cost up to twice as much.
 */
export const awsPrices: ArchivePrices = {
  source: 'https://aws.amazon.com/s3/pricing/ (us-east-1)',
  asOf: '2026-05-31',
  currency: 'USD',
  classes: {
    GLACIER: {
      Bulk: { perGib: 0, perThousandRequests: 0, hours: 12 },
      Standard: { perGib: 0.01, perThousandRequests: 0.05, hours: 5 },
      Expedited: { perGib: 0.03, perThousandRequests: 10, hours: 0.1 },
    },
    DEEP_ARCHIVE: {
      Bulk: { perGib: 0.0025, perThousandRequests: 0.025, hours: 48 },
      Standard: { perGib: 0.02, perThousandRequests: 0.1, hours: 12 },
    },
  },
  copyPerGibMonth: 0.023,
};
