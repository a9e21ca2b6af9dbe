/** Switches the outputs of a device that is there: what each is switched to, on, off, or for a moment. */
import { useState } from 'preact/hooks';
import type { ThingView } from '../../../../core/wire/api.js';
import type { OutputAction } from '../../../../core/wire/messages.js';
import { sentenceOf } from '../errors.js';
import { useStore } from '../state/hooks.js';
import { Badge } from './parts.js';

const words: Record<OutputAction, string> = { on: 'On', off: 'Off', pulse: 'Pulse' };

export function OutputControls({ thing }: { thing: ThingView }) {
  if (thing.outputs.length === 0) return null;
  return (
    <ul class="outputs" aria-label={`Outputs of ${thing.name}`}>
      {thing.outputs.map((output) => (
        <OutputControl key={output.name} thing={thing} output={output} />
      ))}
    </ul>
  );
}

function OutputControl({ thing, output }: { thing: ThingView; output: ThingView['outputs'][number] }) {
  const { api } = useStore();
  const [trouble, setTrouble] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const tell = async (action: OutputAction) => {
    if (isBusy || !thing.online) return;
    setBusy(true);
    try {
      await api.switchOutput(thing.name, output.name, action);
      setTrouble(undefined);
    } catch (error) {
      setTrouble(sentenceOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <li class="output">
      <span class="output-name">{output.name}</span>
      {thing.online && <Badge tone={output.on ? 'good' : 'calm'}>{output.on ? 'On' : 'Off'}</Badge>}
      <span class="output-actions">
        {(['on', 'off', 'pulse'] as const).map((action) => (
          <button
            key={action}
            type="button"
            class="button-quiet"
            aria-disabled={isBusy || !thing.online}
            aria-label={`${words[action]}: ${output.name} of ${thing.name}`}
            onClick={() => void tell(action)}
          >
            {words[action]}
          </button>
        ))}
      </span>
      {trouble !== undefined && (
        <p class="press-hint" role="alert">
          {trouble}
        </p>
      )}
    </li>
  );
}
