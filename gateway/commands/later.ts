/** What a walk has begun and workers finish. Failures are seen by whoever waits in the end. */

/** A promise in a promise would be waited for with it. */
export interface Later<T> {
  readonly value: Promise<T>;
}

/** A failure is seen by whoever waits in the end; until then it is not "unhandled". */
export function later<T>(value: Promise<T>): Later<T> {
  value.catch(() => {});
  return { value };
}

export function now<T>(value: T): Later<T> {
  return { value: Promise.resolve(value) };
}
