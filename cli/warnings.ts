/**
 * Keeps warnings that a user cannot act on off the terminal: a dependency's notice about the end of
 * Node 20, and Node's own about modules that it calls experimental. Everything else is shown.
 */
const silenced = [
  /NodeDeprecationWarning/,
  /ExperimentalWarning: (SQLite|WASI|Importing WebAssembly)/,
  /AWS SDK for JavaScript \(v3\)/,
];

export function quietWarnings(): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    const text = `${warning.name}: ${warning.message}`;
    if (!silenced.some((pattern) => pattern.test(text))) process.stderr.write(`${text}\n`);
  });
}
