/** A card per thing that has buttons, or should have. */
import type { ClickView, ThingView } from '../../../../core/wire/api.js';
import { useSlice } from '../state/hooks.js';
import type { State } from '../state/store.js';
import { CommandLine, Empty, Section } from './parts.js';
import { ThingCard } from './thing-card.js';

const selectThings = (state: State) => state.data.things;
const selectClicks = (state: State) => state.data.clicks;

export function ButtonsSection() {
  const things = useSlice(selectThings).filter(hasButtons);
  const clicks = useSlice(selectClicks);
  return (
    <Section id="buttons" title="Buttons">
      {things.length === 0 ? (
        <NoButtons />
      ) : (
        <div class="cards">
          {things.map((thing) => (
            <ThingCard key={thing.name} thing={thing} lastClick={lastClickOf(thing, clicks)} />
          ))}
        </div>
      )}
    </Section>
  );
}

/** A button that has never been online has not told its lines yet. */
function hasButtons(thing: ThingView): boolean {
  return thing.buttons.length > 0 || thing.type === 'button';
}

function lastClickOf(thing: ThingView, clicks: readonly ClickView[]): ClickView | undefined {
  return clicks.find((click) => click.thing === thing.name);
}

function NoButtons() {
  return (
    <Empty icon="button" title="No button yet">
      <p>
        Register one under a name of your choice. Gatehouse then tells you how to connect it; a simulated one
        works without any hardware.
      </p>
      <CommandLine command="gatehouse device create front-door" />
    </Empty>
  );
}
