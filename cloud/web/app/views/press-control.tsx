/** Presses a simulated line, and shows how the press travels. A real line is for fingers only. */
import { useCallback, useState } from 'preact/hooks';
import type { ThingView } from '../../../../core/wire/api.js';
import type { ClickType } from '../../../../core/wire/messages.js';
import { useSlice, useStore } from '../state/hooks.js';
import { isBusy, pressKey } from '../state/press.js';
import type { State } from '../state/store.js';
import { Icon } from './icons.js';
import { Choice } from './parts.js';
import { PressJourney } from './press-journey.js';

export interface PressControlProps {
  readonly thing: ThingView;
  readonly button: ThingView['buttons'][number];
  /** Show the button's name: the device has several. */
  readonly isNamed: boolean;
}

const patterns: readonly (readonly [ClickType, string])[] = [
  ['SINGLE', 'Single'],
  ['DOUBLE', 'Double'],
  ['LONG', 'Long'],
];

export function PressControl({ thing, button, isNamed }: PressControlProps) {
  return (
    <div class="press">
      {isNamed && <h4>{button.name}</h4>}
      {button.simulated ? (
        <Simulated thing={thing} button={button.name} />
      ) : (
        <p class="press-real">
          <Icon name="hand" /> A real button: press it by hand.
        </p>
      )}
    </div>
  );
}

function Simulated({ thing, button }: { thing: ThingView; button: string }) {
  const store = useStore();
  const [pattern, setPattern] = useState<ClickType>('SINGLE');
  const key = pressKey(thing.name, button);
  const press = useSlice(useCallback((state: State) => state.presses[key], [key]));
  const isReady = thing.online && thing.enabled;
  const isBlocked = !isReady || isBusy(press);
  const onPress = () => {
    if (!isBlocked) void store.press(thing.name, button, pattern);
  };
  return (
    <>
      <Choice
        label="Kind of press"
        name={`pattern-${key}`}
        options={patterns}
        value={pattern}
        onChange={setPattern}
      />
      {/* aria-disabled, not disabled: the focus stays on it while a press is under way. */}
      <button
        type="button"
        class="press-button"
        aria-disabled={isBlocked}
        aria-label={`Press ${thing.name}${button === '' ? '' : `, ${button}`}`}
        onClick={onPress}
      >
        <Icon name="button" />
        Press
      </button>
      {!isReady && (
        <p class="press-hint">
          {thing.enabled
            ? 'Offline. It can be pressed here once it is back.'
            : 'Disabled, so presses are not taken.'}
        </p>
      )}
      {press !== undefined && <PressJourney press={press} />}
    </>
  );
}
