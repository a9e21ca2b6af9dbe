/** The bar on top: name and how the connection stands. */
import { useSlice } from '../state/hooks.js';
import type { State } from '../state/store.js';
import { Logo } from './icons.js';
import { Badge, type Tone } from './parts.js';

const selectKind = (state: State) => state.connection.kind;

const words: Record<State['connection']['kind'], readonly [Tone, string]> = {
  loading: ['busy', 'Connecting'],
  live: ['good', 'Live'],
  lost: ['bad', 'Connection lost'],
  'signed-out': ['calm', 'Signed out'],
};

export function Header() {
  const [tone, text] = words[useSlice(selectKind)];
  return (
    <header class="header">
      <a class="brand" href="#top">
        <Logo />
        <h1>Gatehouse</h1>
      </a>
      <Badge tone={tone}>{text}</Badge>
    </header>
  );
}
