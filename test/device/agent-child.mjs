/** Child process of the agent tests: runs the built agent until it is killed or told to stop. */
import { systemClock } from '../../dist/core/clock.js';
import { parseConfig } from '../../dist/core/config.js';
import { createLogger } from '../../dist/core/log.js';
import { agentConfig } from '../../dist/device/config.js';
import { openAgent } from '../../dist/device/main.js';

const say = (line) => process.stdout.write(`${line}\n`);
const log = createLogger({
  level: 'info',
  format: 'text',
  write: (line) => process.stderr.write(`${line}\n`),
});
const config = parseConfig(agentConfig, JSON.parse(process.argv[2]), 'argument');
const agent = await openAgent(config, { clock: systemClock, log });
agent.onClick((click) => say(`click ${JSON.stringify(click)}`));
agent.onChange(() => agent.status().connected && say('connected'));
process.on('SIGTERM', () => void agent.close());
process.stdin.on('data', (text) => {
  for (const button of text.toString().trim().split('\n')) void agent.press(button);
});
process.stdin.unref?.();
say('ready');
