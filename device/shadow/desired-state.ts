/**
 * The port through which parts of the agent take part in the device's shadow: they hear what is
 * desired of them and say what is so. Keys are top-level members of the shadow's sections.
 */
import type { JsonValue } from '../../core/json.js';

export interface DesiredState {
  /**
   * Calls `listener` with what `desired` holds under `key`: once as soon as the shadow is known, and
   * again whenever it has changed; undefined when nothing is desired (any more). A desire that came while
   * the device was away is heard after the next connect. Returns the undo.
   */
  onDesired(key: string, listener: (value: JsonValue | undefined) => void): () => void;
  /**
   * Says what is so: `reported.KEY` becomes `value` (null takes it away), now or at the next connect.
   * The last call for a key wins; objects are replaced whole.
   */
  report(key: string, value: JsonValue): void;
}
