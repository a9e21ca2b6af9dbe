/** Starts the dashboard: real clock, real network, one store, one tree of views. */
import { render } from 'preact';
import { systemClock } from '../../../core/clock.js';
import { createApi, streamUrl } from './api/client.js';
import { openEventSource } from './api/stream.js';
import { StoreContext } from './state/hooks.js';
import { Store } from './state/store.js';
import './styles/base.css';
import './styles/layout.css';
import './styles/parts.css';
import './styles/controls.css';
import './styles/buttons.css';
import './styles/activity.css';
import './styles/sensors.css';
import './styles/rover.css';
import './styles/backups.css';
import './styles/alarms.css';
import './styles/add-device.css';
import './styles/forms.css';
import './styles/manage.css';
import './styles/workflows.css';
import './styles/jobs.css';
import './styles/sign-in.css';
import './styles/motion.css';
import { App } from './views/app.js';

const store = Store.open({
  api: createApi((input, init) => fetch(input, init)),
  openStream: (listener) => openEventSource(streamUrl, listener),
  clock: systemClock,
});

// A laptop that wakes up need not sit out the pause.
window.addEventListener('online', () => store.retryNow());

const target = document.getElementById('app');
if (target !== null) {
  render(
    <StoreContext.Provider value={store}>
      <App />
    </StoreContext.Provider>,
    target,
  );
}
