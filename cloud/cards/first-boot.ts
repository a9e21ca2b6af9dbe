/**
 * The files that turn a fresh card of Raspberry Pi OS trixie into an agent: cloud-init's `user-data`,
 * `network-config` and `meta-data` (docs.cloud-init.io, data source NoCloud), which such images read from the
 * partition that any computer shows. Strings are written as JSON, which is YAML too.
 */
import { type CardFiles, type CardRequest, installPath } from '../../core/wire/cards.js';
import { parseClaimToken } from '../../core/wire/claim-token.js';
import { type Board, claimsOnPress } from './boards.js';

export interface CardOptions extends Board {
  readonly name: string;
  readonly claimToken: string;
  /** The authority that signs the backend's certificate. */
  readonly caPem: string;
  /** SHA-256 of the program's archive, 64 hex digits. */
  readonly packageSha256: string;
  readonly wifi: CardRequest['wifi'];
}

const configFolder = '/etc/gatehouse';
const tokenFile = `${configFolder}/claim-token`;
/** Needed for the download only: the secret as a header, so that it is in no list of processes. */
const headerFile = `${configFolder}/install/header`;
const caFile = `${configFolder}/install/ca.crt`;

/** @throws CLAIM_TOKEN_MALFORMED */
export function cardFiles(options: CardOptions): CardFiles {
  return {
    'user-data': userData(options),
    'network-config': networkConfig(options),
    'meta-data': `instance-id: ${JSON.stringify(`gatehouse-${options.name}-${options.packageSha256.slice(0, 8)}`)}\n`,
  };
}

function userData(options: CardOptions): string {
  const { agentConfig, caPem, claimToken, name } = options;
  const { secret } = parseClaimToken(claimToken);
  const claimOnPress = claimsOnPress(options);
  const identity = { claimTokenFile: tokenFile, ...(claimOnPress && { claimOnPress }) };
  const config = `${JSON.stringify({ ...agentConfig, identity }, null, 2)}\n`;
  const file = (path: string, permissions: string, content: string) => [
    `  - path: ${path}`,
    `    permissions: ${JSON.stringify(permissions)}`,
    `    content: ${JSON.stringify(content)}`,
  ];
  return [
    '#cloud-config',
    '# Written by Gatehouse. Holds a one-time claim token: treat it like a key until it is used.',
    `hostname: ${JSON.stringify(hostName(name))}`,
    'package_update: true',
    'packages: [nodejs, npm, curl]',
    'write_files:',
    ...file(`${configFolder}/agent.json`, '0644', config),
    ...file(tokenFile, '0600', `${claimToken}\n`),
    ...file(headerFile, '0600', `Authorization: Bearer ${secret}\n`),
    ...file(caFile, '0644', caPem),
    ...file('/usr/local/sbin/gatehouse-first-boot', '0755', firstBootScript(options)),
    'runcmd:',
    '  - [/usr/local/sbin/gatehouse-first-boot]',
    'power_state:',
    '  mode: reboot',
    '  message: "Gatehouse is installed; config.txt takes effect now"',
    '  condition: "test -e /var/lib/gatehouse/first-boot-done"',
    '',
  ].join('\n');
}

/** Runs once, as root, when packages are there and the network is up. May be run again by hand. */
export function firstBootScript({ claimToken, configText, packageSha256 }: CardOptions): string {
  const { host, port } = parseClaimToken(claimToken);
  const address = `https://${host.includes(':') ? `[${host}]` : host}:${port}${installPath(packageSha256)}`;
  return `#!/bin/bash
# Installs the agent from the Gatehouse that made this card; its packages come from the registry of npm.
set -euo pipefail
boot=\${GATEHOUSE_BOOT:-/boot/firmware}
root=\${GATEHOUSE_ROOT:-}
archive=$(mktemp)
trap 'rm -f "$archive"' EXIT
# Tried again after any failure: until the network has told the time, certificates seem not to be valid yet.
curl --fail --silent --show-error --connect-timeout 20 --speed-time 60 \\
  --retry 30 --retry-delay 8 --retry-all-errors \\
  --cacert "$root${caFile}" --header "@$root${headerFile}" --output "$archive" \\
  ${address}
echo "${packageSha256}  $archive" | sha256sum --check --quiet
mkdir -p "$root/opt/gatehouse" "$root/var/lib/gatehouse"
tar -xzf "$archive" -C "$root/opt/gatehouse"
cd "$root/opt/gatehouse"
npm ci --omit=dev --no-audit --no-fund
if ! grep -q '^# Gatehouse' "$boot/config.txt"; then
  cat >> "$boot/config.txt" <<'LINES'

[all]
${configText.trimEnd()}
LINES
fi
node bin/gatehouse.mjs service install agent --no-now \\
  --unit-dir "$root/etc/systemd/system" --config-dir "$root${configFolder}"
id gatehouse >/dev/null 2>&1 || useradd --system --user-group --no-create-home --shell /usr/sbin/nologin gatehouse
chown gatehouse:gatehouse "$root${tokenFile}"
systemctl daemon-reload
systemctl enable gatehouse-agent.service
touch "$root/var/lib/gatehouse/first-boot-done"
`;
}

/** Netplan's format; trixie brings the wireless up with it. */
function networkConfig({ wifi }: CardOptions): string {
  const lines = [
    'network:',
    '  version: 2',
    '  ethernets:',
    '    eth0:',
    '      dhcp4: true',
    '      optional: true',
  ];
  if (wifi !== undefined) {
    lines.push(
      '  wifis:',
      '    wlan0:',
      '      dhcp4: true',
      '      optional: true',
      `      regulatory-domain: ${JSON.stringify(wifi.country)}`,
      '      access-points:',
      `        ${JSON.stringify(wifi.ssid)}:`,
      `          password: ${JSON.stringify(wifi.password)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Host names have letters, digits and hyphens only [RFC 1123, 2.1]. */
function hostName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-').slice(0, 63);
}
