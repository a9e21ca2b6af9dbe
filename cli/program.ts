/** The tree of commands with the options that all of them share. */
import { Command, Option } from 'commander';
import { exitCodeHelp } from './exit-code.js';
import { version } from './version.js';

const introduction = `Buttons that run actions, sensors that are stored and watched, and NAS
backups in restic's format, on hardware you own.

Start here:
  gatehouse up        everything on this machine, with a dashboard
  gatehouse doctor    what this machine has, what to do about what is missing
  gatehouse init -r s3://bucket/nas
                      a backup repository that stock restic reads too`;

type Adder = (program: Command) => void;

/** Loaded when it is called for: of all commands one is run. */
const groups: Readonly<Record<string, Readonly<Record<string, () => Promise<Adder>>>>> = {
  'Everything at once:': {
    up: async () => (await import('./commands/up.js')).addUp,
    dashboard: async () => (await import('./commands/dashboard.js')).addDashboard,
    doctor: async () => (await import('./commands/doctor.js')).addDoctor,
  },
  'Buttons and sensors:': {
    hardware: async () => (await import('./commands/hardware.js')).addHardware,
    device: async () => (await import('./commands/device.js')).addDevice,
    actions: async () => (await import('./commands/actions.js')).addActions,
    workflow: async () => (await import('./commands/workflow.js')).addWorkflow,
    fanout: async () => (await import('./commands/fanout.js')).addFanout,
    alarm: async () => (await import('./commands/alarm.js')).addAlarm,
    telemetry: async () => (await import('./commands/telemetry.js')).addTelemetry,
    'provisioning-template': async () =>
      (await import('./commands/provisioning-template.js')).addProvisioningTemplate,
    shadow: async () => (await import('./commands/shadow.js')).addShadow,
    job: async () => (await import('./commands/job.js')).addJob,
    release: async () => (await import('./commands/release.js')).addRelease,
    rover: async () => (await import('./commands/rover.js')).addRover,
    keys: async () => (await import('./commands/keys.js')).addKeys,
  },
  'Backups (verbs and flags as restic has them):': {
    init: async () => (await import('./commands/init.js')).addInit,
    backup: async () => (await import('./commands/backup.js')).addBackup,
    snapshots: async () => (await import('./commands/snapshots.js')).addSnapshots,
    ls: async () => (await import('./commands/ls.js')).addLs,
    find: async () => (await import('./commands/find.js')).addFind,
    diff: async () => (await import('./commands/diff.js')).addDiff,
    stats: async () => (await import('./commands/stats.js')).addStats,
    restore: async () => (await import('./commands/restore.js')).addRestore,
    dump: async () => (await import('./commands/dump.js')).addDump,
    check: async () => (await import('./commands/check.js')).addCheck,
    'self-test': async () => (await import('./commands/self-test.js')).addSelfTest,
    copy: async () => (await import('./commands/copy.js')).addCopy,
    tag: async () => (await import('./commands/tag.js')).addTag,
    rewrite: async () => (await import('./commands/rewrite.js')).addRewrite,
    forget: async () => (await import('./commands/forget.js')).addForget,
    prune: async () => (await import('./commands/prune.js')).addPrune,
    repair: async () => (await import('./commands/repair.js')).addRepair,
    list: async () => (await import('./commands/list.js')).addList,
    cat: async () => (await import('./commands/cat.js')).addCat,
    cache: async () => (await import('./commands/cache.js')).addCache,
    key: async () => (await import('./commands/key.js')).addKey,
    unlock: async () => (await import('./commands/unlock.js')).addUnlock,
    migrate: async () => (await import('./commands/migrate.js')).addMigrate,
    throttle: async () => (await import('./commands/throttle.js')).addThrottle,
  },
  'If someone takes over this machine:': {
    policy: async () => (await import('./commands/policy.js')).addPolicy,
    undelete: async () => (await import('./commands/undelete.js')).addUndelete,
    'extend-locks': async () => (await import('./commands/extend-locks.js')).addExtendLocks,
    credentials: async () => (await import('./commands/credentials.js')).addCredentials,
  },
  'A backup server for the network:': {
    serve: async () => (await import('./commands/serve.js')).addServe,
    mirror: async () => (await import('./commands/mirror.js')).addMirror,
  },
  'Scheduled backups:': {
    jobs: async () => (await import('./commands/jobs.js')).addJobs,
  },
  'Buckets (also "ls" with a URL):': {
    cp: async () => (await import('./commands/cp.js')).addCp,
    rm: async () => (await import('./commands/rm.js')).addRm,
  },
  'Dumps, one stream each:': {
    s3dump: async () => (await import('./commands/s3dump.js')).addS3dump,
  },
  'The three programs, for services:': {
    cloud: async () => (await import('./commands/cloud.js')).addCloud,
    agent: async () => (await import('./commands/agent.js')).addAgent,
    gateway: async () => (await import('./commands/gateway.js')).addGateway,
    service: async () => (await import('./commands/service.js')).addService,
  },
  'Shell:': {
    completion: async () => (await import('./commands/completion.js')).addCompletion,
  },
};

/** @param words as given to the program. With a command among them that one alone is loaded, else all. */
export async function buildProgram(words: readonly string[]): Promise<Command> {
  const named = commandNamed(words);
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
    for (const [name, load] of Object.entries(adders)) {
      if (named === undefined || named === name) (await load())(program);
    }
  }
  for (const command of program.commands) inheritSettings(command, program);
  return program;
}

const optionsWithValue = new Set(['--log-level', '--data']);

/** Undefined when the first word that is no option names none, or one that has to know all others. */
function commandNamed(words: readonly string[]): string | undefined {
  const first = words.find((word, at) => !word.startsWith('-') && !optionsWithValue.has(words[at - 1] ?? ''));
  const isKnown = Object.values(groups).some((adders) => first !== undefined && Object.hasOwn(adders, first));
  return isKnown && first !== 'completion' ? first : undefined;
}

function inheritSettings(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent).helpOption('-h, --help', 'show this help');
  if (command.commands.length === 0) command.addHelpText('after', exitCodeHelp);
  for (const child of command.commands) inheritSettings(child, command);
}
