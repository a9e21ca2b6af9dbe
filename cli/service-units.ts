/**
 * The systemd units. Each program gets a state directory, its secrets as credentials, and no more
 * of the machine than it needs: the agent the GPIO and I2C devices, the gateway read access to
 * what it backs up, the backend nothing but its ports. Options: systemd.exec(5).
 */
import { frugalFlags } from '../core/heap.js';

export const programNames = ['cloud', 'agent', 'gateway'] as const;
export type ProgramName = (typeof programNames)[number];

export interface UnitOptions {
  readonly user: string;
  readonly node: string;
  readonly entryPoint: string;
  readonly configFile: string;
  /** Which of the groups `gpio` and `i2c` this machine has; systemd refuses a unit that names another. */
  readonly hardwareGroups: readonly string[];
}

export function unitName(name: ProgramName): string {
  return `gatehouse-${name}.service`;
}

const stateRoot = '/var/lib/gatehouse';

/** The least configuration with which each program starts; for the user to extend. */
export function serviceConfig(name: ProgramName): string {
  const more = {
    cloud: {},
    agent: { buttons: [{ name: 'button', pin: 'GPIO17', activeLow: true }], sensors: [] },
    gateway: { jobs: [] },
  }[name];
  return `${JSON.stringify({ dataDir: `${stateRoot}/${name}`, ...more }, null, 2)}\n`;
}

const descriptions: Record<ProgramName, string> = {
  cloud: 'Gatehouse backend: broker, registry, actions, dashboard',
  agent: 'Gatehouse agent: buttons and sensors of this machine',
  gateway: 'Gatehouse gateway: backups of this machine',
};

const sandbox = [
  'NoNewPrivileges=yes',
  'ProtectSystem=strict',
  'ProtectKernelTunables=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelLogs=yes',
  'ProtectControlGroups=yes',
  'ProtectClock=yes',
  'ProtectHostname=yes',
  'ProtectProc=invisible',
  'PrivateTmp=yes',
  'RestrictNamespaces=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
  'LockPersonality=yes',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service',
  'SystemCallErrorNumber=EPERM',
  'RemoveIPC=yes',
  'UMask=0077',
  // No MemoryDenyWriteExecute: V8 compiles at run time.
];

const special: Record<ProgramName, readonly string[]> = {
  cloud: ['ProtectHome=yes', 'PrivateDevices=yes', 'CapabilityBoundingSet='],
  agent: [
    // The launcher tells the agent to stop, once: a second signal would end it before its outputs are off.
    'KillMode=mixed',
    'ProtectHome=yes',
    'CapabilityBoundingSet=',
    'DevicePolicy=closed',
    'DeviceAllow=char-gpiochip rw',
    'DeviceAllow=char-i2c rw',
    // sysfs GPIO is written through /sys, which ProtectKernelTunables makes read-only.
    'ProtectKernelTunables=no',
  ],
  // It reads files of every owner; writing them back is left to `gatehouse restore`, run by hand.
  gateway: [
    'ProtectHome=read-only',
    'PrivateDevices=yes',
    'CapabilityBoundingSet=CAP_DAC_READ_SEARCH',
    'AmbientCapabilities=CAP_DAC_READ_SEARCH',
    'IOSchedulingClass=idle',
    'Nice=10',
  ],
};

/** The agent does little, for months: memory counts more than speed. */
const nodeFlags: Record<ProgramName, readonly string[]> = {
  cloud: [],
  agent: frugalFlags,
  gateway: [],
};

/** The agent under its launcher, which puts updates in place and takes back those that fail. */
const verbs: Record<ProgramName, string> = { cloud: 'run', agent: 'supervise', gateway: 'run' };

export function unitText(name: ProgramName, options: UnitOptions): string {
  const state = `gatehouse/${name}`;
  const overridden = new Set(special[name].map((line) => line.split('=')[0]));
  const lines = [
    '[Unit]',
    `Description=${descriptions[name]}`,
    'Wants=network-online.target time-sync.target',
    `After=network-online.target time-sync.target${name === 'cloud' ? '' : ` ${unitName('cloud')}`}`,
    '',
    '[Service]',
    'Type=exec',
    `User=${options.user}`,
    `Group=${options.user}`,
    `ExecStart=${[quote(options.node), ...nodeFlags[name], quote(options.entryPoint)].join(' ')} ${name} ${verbs[name]} --config ${quote(options.configFile)} --data ${stateRoot}`,
    `StateDirectory=gatehouse ${state}`,
    'StateDirectoryMode=0700',
    'Restart=on-failure',
    'RestartSec=2',
    'TimeoutStopSec=15',
    ...sandbox.filter((line) => !overridden.has(line.split('=')[0])),
    ...special[name],
    ...(name === 'agent' && options.hardwareGroups.length > 0
      ? [`SupplementaryGroups=${options.hardwareGroups.join(' ')}`]
      : []),
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ];
  return lines.join('\n');
}

/** A path as one word for ExecStart (systemd.service(5), "Command lines"). */
function quote(text: string): string {
  const escaped = text.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /[\s"'\\]/.test(escaped) ? `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : escaped;
}
