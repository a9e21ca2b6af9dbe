/** Numbers and sizes for people. */

const sizeUnits = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];

export function countText(count: number, locale?: string): string {
  return new Intl.NumberFormat(locale).format(count);
}

/** `1 file`, `1,204 files`. */
export function countOf(count: number, singular: string, plural = `${singular}s`, locale?: string): string {
  return `${countText(count, locale)} ${count === 1 ? singular : plural}`;
}

/** Decimal units, as disks are sold: `3.1 MB`. */
export function sizeText(sizeBytes: number, locale?: string): string {
  let value = sizeBytes;
  let at = 0;
  // 999.95 would be printed as 1,000.0.
  while (value >= 999.95 && at < sizeUnits.length - 1) {
    value /= 1_000;
    at += 1;
  }
  const maximumFractionDigits = at === 0 || value >= 100 ? 0 : 1;
  const unit = sizeBytes === 1 ? 'byte' : sizeUnits[at];
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits }).format(value)} ${unit}`;
}
