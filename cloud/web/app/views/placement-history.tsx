/** Who was in a place, from when to when; read when somebody wants to know. */
import { useState } from 'preact/hooks';
import type { PlacementView, StayView } from '../../../../core/wire/project-api.js';
import { countOf } from '../format/counts.js';
import { useStore } from '../state/hooks.js';
import { useFresh } from '../state/tasks.js';
import { FaultNote } from './forms.js';
import { Waiting } from './page-head.js';
import { Ago } from './parts.js';

export function PlacementHistory({ project, placement }: { project: string; placement: PlacementView }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="placement-history" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Who was here</summary>
      {isOpen && <Stays project={project} placement={placement} />}
    </details>
  );
}

function Stays({ project, placement }: { project: string; placement: PlacementView }) {
  const { api } = useStore();
  const { placementName, devices } = placement;
  const stays = useFresh(() => api.placementHistory(project, placementName), JSON.stringify(devices));
  if (stays.value === undefined) {
    return stays.fault === undefined ? <Waiting /> : <FaultNote fault={stays.fault} />;
  }
  if (stays.value.length === 0) return <p class="card-note">Nobody yet.</p>;
  return (
    <ul>
      {stays.value.map((stay) => (
        <li key={`${stay.deviceId} ${stay.from}`}>
          <strong>{stay.deviceId}</strong> as {stay.deviceTemplateName}, <Span stay={stay} />,{' '}
          {countOf(stay.clicks, 'press', 'presses')}
        </li>
      ))}
    </ul>
  );
}

function Span({ stay: { from, to } }: { stay: StayView }) {
  const until =
    to === null ? (
      'until now'
    ) : (
      <>
        to <Ago time={to} />
      </>
    );
  if (from === null) return <span>{until}</span>;
  return (
    <span>
      from <Ago time={from} /> {until}
    </span>
  );
}
