/** What can be wrong with a retention policy. */
import { GatehouseError } from '../../core/errors.js';

/** A duration of a policy cannot be read. The user mends it. */
export function keepDurationMalformed(text: string): GatehouseError {
  return new GatehouseError('KEEP_DURATION_MALFORMED', `"${text}" is no duration for a policy.`, {
    context: { text },
    hint: 'Write years, months, days and hours such as 1y6m, 14d or 2y5m7d3h.',
  });
}

/** The grouping names something else than host, paths and tags. The user mends it. */
export function groupingMalformed(text: string): GatehouseError {
  return new GatehouseError('GROUPING_MALFORMED', `Snapshots cannot be grouped by "${text}".`, {
    context: { text },
    hint: "Give any of host, paths and tags, separated by commas, or '' for one group of all.",
  });
}
