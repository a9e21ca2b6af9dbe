/** Single keys from a terminal in raw mode; restores the terminal when closed. */
export interface Keyboard {
  close(): void;
}

/** Returns undefined when standard input is no terminal. Ctrl-C and `q` arrive as `quit`. */
export function openKeyboard(input: NodeJS.ReadStream, onKey: (key: string) => void): Keyboard | undefined {
  if (!input.isTTY) return undefined;
  const onData = (data: Buffer) => {
    for (const key of data.toString('utf8')) onKey(key === '\u0003' || key === 'q' ? 'quit' : key);
  };
  input.setRawMode(true);
  input.resume();
  input.on('data', onData);
  return {
    close: () => {
      input.off('data', onData);
      input.setRawMode(false);
      input.pause();
    },
  };
}
