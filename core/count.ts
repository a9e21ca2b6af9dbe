/** Amounts with their nouns, for sentences in English. */

/** `1 file`, `3 files`; a verb may come along: `1 pack is`, `3 packs are`. */
export function countOf(amount: number, singular: string, plural = `${singular}s`): string {
  return `${amount} ${amount === 1 ? singular : plural}`;
}
