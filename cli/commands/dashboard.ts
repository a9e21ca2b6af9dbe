/** `gatehouse dashboard`: where the dashboard is, with the link that signs in. */
import { type Command, Option } from 'commander';
import { findTarget } from '../api-client.js';
import { createContext } from '../context.js';

/** The link that sets the session cookie and goes on to the dashboard. */
export function loginLink(url: string, token: string): string {
  return `${url}/login?token=${encodeURIComponent(token)}`;
}

export function addDashboard(program: Command): void {
  program
    .command('dashboard')
    .description('print the link to the dashboard of the running backend')
    .addOption(new Option('--url <url>', 'backend (default: the one in the data directory)'))
    .addOption(new Option('--token-file <file>', 'file with its API token'))
    .action(async (_options, command: Command) => {
      const { terminal, env } = createContext(command);
      const target = await findTarget(command, env);
      const link = loginLink(target.url, target.token);
      if (terminal.json) terminal.printJson({ url: target.url, link });
      else terminal.print(link);
    });
}
