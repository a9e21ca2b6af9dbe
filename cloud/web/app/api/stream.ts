/**
 * Server-sent events as typed values. Ends at the first fault: retrying is the connection's task,
 * because the browser's own retry neither notices a stale session nor says when it tries again.
 */
import type { StreamEvent } from '../../../../core/wire/api.js';

export interface StreamListener {
  onOpen(): void;
  onEvent(event: StreamEvent): void;
  /** Called at most once; nothing follows it. */
  onLost(): void;
}

export interface EventStream {
  close(): void;
}

export type OpenStream = (listener: StreamListener) => EventStream;

/** The compiler sees to it that none is missing: the browser drops what nobody listens for. */
const known: Readonly<Record<StreamEvent['type'], true>> = {
  thing: true,
  click: true,
  run: true,
  reading: true,
  execution: true,
  job: true,
  alarm: true,
  backup: true,
};
const types = Object.keys(known) as StreamEvent['type'][];

export function openEventSource(url: string, listener: StreamListener): EventStream {
  const source = new EventSource(url);
  source.addEventListener('open', () => listener.onOpen());
  source.addEventListener('error', () => {
    source.close();
    listener.onLost();
  });
  for (const type of types) {
    source.addEventListener(type, (message: MessageEvent<string>) => {
      const data = parse(message.data);
      if (data !== undefined) listener.onEvent({ type, data } as StreamEvent);
    });
  }
  return { close: () => source.close() };
}

/** A damaged event is left out; the next reload of the overview has what it said. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
