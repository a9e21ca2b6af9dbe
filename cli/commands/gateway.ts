/** `gatehouse gateway run`: scheduled backups of this machine. */
import { type Command, Option } from 'commander';
import { loadConfig } from '../../core/config.js';
import { countOf } from '../../core/count.js';
import { createContext } from '../context.js';
import { runProgram } from '../run-program.js';
import { version } from '../version.js';

export function addGateway(program: Command): void {
  const gateway = program
    .command('gateway')
    .description('the backup program: scheduled backups of this machine');
  gateway
    .command('run')
    .description('run the backup jobs until told to stop')
    .addOption(
      new Option(
        '--config <file>',
        'configuration in JSON (see docs/configuration.md)',
      ).makeOptionMandatory(),
    )
    .addOption(new Option('--report-url <url>', 'backend that shows the runs (default: as configured)'))
    .action(async (options: { config: string; reportUrl?: string }, command: Command) => {
      const context = createContext(command, 'info');
      await runProgram(context, async () => {
        const { gatewayConfig } = await import('../../gateway/config.js');
        const { openGateway } = await import('../../gateway/main.js');
        const config = await loadConfig(gatewayConfig, options.config);
        const opened = await openGateway(config, {
          clock: context.clock,
          log: context.log,
          version,
          reportUrl: options.reportUrl,
          endpoint: context.env['AWS_ENDPOINT_URL_S3'] ?? context.env['AWS_ENDPOINT_URL'],
          region: context.env['AWS_REGION'] ?? context.env['AWS_DEFAULT_REGION'],
        });
        return {
          program: opened,
          facts: { jobs: config.jobs.length },
          greeting: `The gateway runs ${countOf(config.jobs.length, 'backup job')}. Ctrl-C stops it.`,
        };
      });
    });
}
