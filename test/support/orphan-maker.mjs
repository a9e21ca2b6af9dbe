// Runs one handler of the compiled cloud and prints its output; the test kills this process meanwhile.
import { nodeFunctionConfig } from '../../dist/cloud/actions/function-config.js';
import { NodeAction } from '../../dist/cloud/actions/node-action.js';
import { systemClock } from '../../dist/core/clock.js';
import { silentLogger } from '../../dist/core/log.js';

const action = await NodeAction.open({
  name: 'looping',
  config: nodeFunctionConfig.parse({ kind: 'node', handler: process.argv[2], timeoutMs: 600_000 }),
  environment: process.env,
  clock: systemClock,
  log: silentLogger,
});
await action.invoke({ runId: 'run-1', attempt: 1, event: '{}' });
