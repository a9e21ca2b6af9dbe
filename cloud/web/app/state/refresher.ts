/**
 * Loads one after another: who asks while a load is under way gets one more after it, however often
 * they ask. So a burst of events costs two loads, and an older answer never replaces a newer one.
 */
export function refresher(load: () => Promise<void>): () => void {
  let isBusy = false;
  let isStale = false;
  const go = async () => {
    isBusy = true;
    do {
      isStale = false;
      await load();
    } while (isStale);
    isBusy = false;
  };
  return () => {
    if (isBusy) isStale = true;
    else void go();
  };
}
