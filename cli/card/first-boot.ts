/**
 * The files that turn a fresh card of Raspberry Pi OS trixie into an agent: cloud-init's `user-data`,
 * `network-config` and `meta-data` (docs.cloud-init.io, data source NoCloud), which such images read from the
 * partition that any computer shows. Strings are written as JSON, which is YAML too.
 */
export interface CardOptions {
  readonly name: string;
  readonly claimToken: string;
  readonly agentConfig: Readonly<Record<string, unknown>>;
  readonly configText: string;
  /** SHA-256 of `gatehouse.tgz`, 64 hex digits. */
  readonly packageSha256: string;
  readonly wifi: { readonly ssid: string; readonly password: string; readonly country: string } | undefined;
}

export interface CardFiles {
  readonly 'user-data': string;
  readonly 'network-config': string;
  readonly 'meta-data': string;
}

const tokenFile = '/etc/gatehouse/claim-token';

export function cardFiles(options: CardOptions): CardFiles {
  return {
    'user-data': userData(options),
    'network-config': networkConfig(options),
    'meta-data': `instance-id: ${JSON.stringify(`gatehouse-${options.name}-${options.packageSha256.slice(0, 8)}`)}\n`,
  };
}

function userData(options: CardOptions): string {
  const { agentConfig, claimToken, name } = options;
  // A board without a button claims at once.
  const claimOnPress = Array.isArray(agentConfig['buttons']);
  const identity = { claimTokenFile: tokenFile, ...(claimOnPress && { claimOnPress }) };
  const config = `${JSON.stringify({ ...agentConfig, identity }, null, 2)}\n`;
  const file = (path: string, permissions: string, content: string) => [
    `  - path: ${path}`,
    `    permissions: ${JSON.stringify(permissions)}`,
    `    content: ${JSON.stringify(content)}`,
  ];
  return [
    '#cloud-config',
    '# Written by "gatehouse device card". Holds a one-time claim token: treat it like a key until it is used.',
    `hostname: ${JSON.stringify(hostName(name))}`,
    'package_update: true',
    'packages: [nodejs, npm]',
    'write_files:',
    ...file('/etc/gatehouse/agent.json', '0644', config),
    ...file(tokenFile, '0600', `${claimToken}\n`),
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
export function firstBootScript({ configText, packageSha256 }: CardOptions): string {
  return `#!/bin/bash
# Installs the Gatehouse agent from the card itself; its packages come from the registry of npm.
set -euo pipefail
boot=\${GATEHOUSE_BOOT:-/boot/firmware}
root=\${GATEHOUSE_ROOT:-}
echo "${packageSha256}  $boot/gatehouse.tgz" | sha256sum --check --quiet
mkdir -p "$root/opt/gatehouse" "$root/var/lib/gatehouse"
tar -xzf "$boot/gatehouse.tgz" -C "$root/opt/gatehouse"
cd "$root/opt/gatehouse"
npm ci --omit=dev --no-audit --no-fund
if ! grep -q '^# Gatehouse' "$boot/config.txt"; then
  cat >> "$boot/config.txt" <<'LINES'

[all]
${configText.trimEnd()}
LINES
fi
node bin/gatehouse.mjs service install agent --no-now
id gatehouse >/dev/null 2>&1 || useradd --system --user-group --no-create-home --shell /usr/sbin/nologin gatehouse
chown gatehouse:gatehouse "$root${tokenFile}"
systemctl daemon-reload
systemctl enable gatehouse-agent.service
rm -f "$boot/gatehouse.tgz"
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
