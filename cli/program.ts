/** The tree of commands with the options that all of them share. */
import { Command, Option } from 'commander';
import { addActions } from './commands/actions.js';
import { addAgent } from './commands/agent.js';
import { addBackup } from './commands/backup.js';
import { addCache } from './commands/cache.js';
import { addCat } from './commands/cat.js';
import { addCheck } from './commands/check.js';
import { addCloud } from './commands/cloud.js';
import { addCompletion } from './commands/completion.js';
import { addCopy } from './commands/copy.js';
import { addCp } from './commands/cp.js';
import { addCredentials } from './commands/credentials.js';
import { addDashboard } from './commands/dashboard.js';
import { addDevice } from './commands/device.js';
import { addDiff } from './commands/diff.js';
import { addDoctor } from './commands/doctor.js';
import { addDump } from './commands/dump.js';
import { addExtendLocks } from './commands/extend-locks.js';
import { addFind } from './commands/find.js';
import { addForget } from './commands/forget.js';
import { addGateway } from './commands/gateway.js';
import { addInit } from './commands/init.js';
import { addJob } from './commands/job.js';
import { addJobs } from './commands/jobs.js';
import { addKey } from './commands/key.js';
import { addList } from './commands/list.js';
import { addLs } from './commands/ls.js';
import { addMigrate } from './commands/migrate.js';
import { addMirror } from './commands/mirror.js';
import { addPolicy } from './commands/policy.js';
import { addPrune } from './commands/prune.js';
import { addRepair } from './commands/repair.js';
import { addRestore } from './commands/restore.js';
import { addRewrite } from './commands/rewrite.js';
import { addRm } from './commands/rm.js';
import { addRover } from './commands/rover.js';
import { addS3dump } from './commands/s3dump.js';
import { addSelfTest } from './commands/self-test.js';
import { addServe } from './commands/serve.js';
import { addService } from './commands/service.js';
import { addShadow } from './commands/shadow.js';
import { addSnapshots } from './commands/snapshots.js';
import { addStats } from './commands/stats.js';
import { addTag } from './commands/tag.js';
import { addThrottle } from './commands/throttle.js';
import { addUndelete } from './commands/undelete.js';
import { addUnlock } from './commands/unlock.js';
import { addUp } from './commands/up.js';
import { exitCodeHelp } from './exit-code.js';
import { version } from './version.js';

const introduction = `Buttons that run actions, sensors that are stored and watched, and NAS
backups in restic's format, on hardware you own.

Start here:
  gatehouse up        everything on this machine, with a dashboard
  gatehouse doctor    what this machine has, what to do about what is missing
  gatehouse init -r s3://bucket/nas
                      a backup repository that stock restic reads too`;

const groups = {
  'Everything at once:': [addUp, addDashboard, addDoctor],
  'Buttons and sensors:': [addDevice, addActions, addShadow, addJob, addRover],
  'Backups (verbs and flags as restic has them):': [
    addInit,
    addBackup,
    addSnapshots,
    addLs,
    addFind,
    addDiff,
    addStats,
    addRestore,
    addDump,
    addCheck,
    addSelfTest,
    addCopy,
    addTag,
    addRewrite,
    addForget,
    addPrune,
    addRepair,
    addList,
    addCat,
    addCache,
    addKey,
    addUnlock,
    addMigrate,
    addThrottle,
  ],
  'If someone takes over this machine:': [addPolicy, addUndelete, addExtendLocks, addCredentials],
  'A backup server for the network:': [addServe, addMirror],
  'Scheduled backups:': [addJobs],
  'Buckets (also "ls" with a URL):': [addCp, addRm],
  'Dumps, one stream each:': [addS3dump],
  'The three programs, for services:': [addCloud, addAgent, addGateway, addService],
  'Shell:': [addCompletion],
};

export function buildProgram(): Command {
  const program = new Command('gatehouse')
    .description(introduction)
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .addOption(new Option('--json', 'results as JSON, one value per line'))
    .addOption(new Option('-q, --quiet', 'results and errors only'))
    .addOption(
      new Option('--log-level <level>', 'how much of the log goes to standard error').choices([
        'debug',
        'info',
        'warn',
        'error',
      ]),
    )
    .addOption(new Option('--data <dir>', 'data directory (default: $XDG_STATE_HOME/gatehouse)'))
    .addHelpText('after', exitCodeHelp)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(run the same command with --help for its options)')
    .helpCommand(false)
    .exitOverride();
  for (const [title, adders] of Object.entries(groups)) {
    program.commandsGroup(title);
    for (const add of adders) add(program);
  }
  for (const command of program.commands) inheritSettings(command, program);
  return program;
}

function inheritSettings(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent).helpOption('-h, --help', 'show this help');
  if (command.commands.length === 0) command.addHelpText('after', exitCodeHelp);
  for (const child of command.commands) inheritSettings(child, command);
}
