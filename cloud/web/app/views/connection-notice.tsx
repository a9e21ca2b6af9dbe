/** Says that the connection is lost, when it is tried again, and lets the reader not wait for it. */
import { useNow, useStore } from '../state/hooks.js';
import type { ConnectionState } from '../state/model.js';
import { Icon } from './icons.js';

type Lost = Extract<ConnectionState, { kind: 'lost' }>;

export function LostBanner({ connection }: { connection: Lost }) {
  const store = useStore();
  return (
    <div class="banner" role="alert">
      <Icon name="warning" />
      <p>
        <strong>Connection lost, retrying.</strong> {connection.sentence}{' '}
        {/* Hidden from screen readers: an alert that counts would be read every second. */}
        <span class="banner-countdown" aria-hidden="true">
          <Countdown retryAtMs={connection.retryAtMs} />
        </span>
      </p>
      <button type="button" class="button-quiet" onClick={() => store.retryNow()}>
        Try now
      </button>
    </div>
  );
}

function Countdown({ retryAtMs }: { retryAtMs: number | null }) {
  const now = useNow(1_000);
  if (retryAtMs === null || retryAtMs <= now) return <>Trying now.</>;
  return <>Next try in {Math.ceil((retryAtMs - now) / 1_000)} s.</>;
}
