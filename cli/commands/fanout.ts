/** `gatehouse fanout`: a queue of Amazon SQS that gets what a topic of Amazon SNS is told. */
import { type Command, Option } from 'commander';
import { AwsClients } from '../../cloud/aws/aws-clients.js';
import { subscribeQueue } from '../../cloud/aws/fanout.js';
import { createContext } from '../context.js';

const help = `
Keys and region come from where the AWS tools look for them (AWS_ACCESS_KEY_ID, AWS_REGION, profiles).
The statement goes into the queue's policy beside those of others; doing it again changes nothing.

Examples:
  gatehouse fanout subscribe --topic arn:aws:sns:eu-west-1:123456789012:presses \\
    --queue arn:aws:sqs:eu-west-1:123456789012:inbox --raw
  gatehouse fanout subscribe --topic ARN --queue URL --endpoint http://localhost:4566 --dry-run`;

interface Flags {
  readonly topic: string;
  readonly queue: string;
  readonly raw?: boolean;
  readonly dryRun?: boolean;
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
}

export function addFanout(program: Command): void {
  const fanout = program
    .command('fanout')
    .description('let a queue of Amazon SQS hear a topic of Amazon SNS')
    .addHelpText('after', help);
  fanout
    .command('subscribe')
    .description('subscribe a queue to a topic, with the policy that this needs')
    .requiredOption('--topic <arn>', 'the topic')
    .requiredOption('--queue <arn|url>', 'the queue')
    .addOption(new Option('--raw', 'messages come bare, without the envelope of SNS'))
    .addOption(new Option('--dry-run', 'only look, and say what would change'))
    .addOption(new Option('--endpoint <url>', 'a server in place of AWS'))
    .addOption(new Option('--region <region>', 'region of what is named without one'))
    .addOption(new Option('--profile <name>', 'profile in ~/.aws'))
    .action(async (flags: Flags, command: Command) => {
      const { terminal } = createContext(command);
      const { topic, queue, raw = false, dryRun = false, endpoint, region, profile } = flags;
      const aws = new AwsClients({ endpoint, region, profile });
      try {
        const view = await subscribeQueue(aws, { topic, queue, raw, dryRun });
        if (terminal.json) return terminal.printJson(view);
        const policy = view.policyChanged ? (dryRun ? 'would be changed' : 'changed') : 'as it should be';
        terminal.print(`Policy of ${view.queueArn}: ${policy}.`);
        if (!dryRun) terminal.print(`Subscribed: ${view.subscriptionArn}`);
        return undefined;
      } finally {
        await aws.close();
      }
    });
}
