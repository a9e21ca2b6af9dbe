/** Looks once a day whether the server's certificate is near its end, and hands out the new one. */
import { type Clock, sleep } from '../core/clock.js';
import type { Closeable } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import type { Authority, ServerCertificate } from '../core/pki/authority.js';

export interface CertificateRenewalOptions {
  readonly authority: Authority;
  readonly hosts: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly onCertificate: (certificate: ServerCertificate) => void;
}

const everyMs = 86_400_000;

export class CertificateRenewal implements Closeable {
  readonly #options: CertificateRenewalOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor(options: CertificateRenewalOptions) {
    this.#options = options;
  }

  static start(options: CertificateRenewalOptions, current: ServerCertificate): CertificateRenewal {
    const self = new CertificateRenewal(options);
    self.#running = self.#run(current);
    return self;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(current: ServerCertificate): Promise<void> {
    const { authority, hosts, clock, log, onCertificate } = this.#options;
    let notAfterMs = current.notAfterMs;
    while (await this.#nextDay(clock)) {
      try {
        const certificate = await authority.serverCertificate(hosts);
        if (certificate.notAfterMs === notAfterMs) continue;
        notAfterMs = certificate.notAfterMs;
        onCertificate(certificate);
        log.info('server certificate renewed', { until: new Date(notAfterMs).toISOString() });
      } catch (error) {
        log.error('server certificate cannot be renewed', { error });
      }
    }
  }

  #nextDay(clock: Clock): Promise<boolean> {
    return sleep(clock, everyMs, this.#stop.signal).then(
      () => true,
      () => false,
    );
  }
}
