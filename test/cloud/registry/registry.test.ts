import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { IssuedCertificate } from '../../../cloud/registry/claims.js';
import { DeviceTypes } from '../../../cloud/registry/device-types.js';
import { Registry } from '../../../cloud/registry/registry.js';
import { claimSchema, registrySchema } from '../../../cloud/registry/schema.js';
import { openDatabase } from '../../../core/db/open.js';
import { FakeClock } from '../../support/fake-clock.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const hourMs = 3_600_000;

async function fresh() {
  const clock = new FakeClock();
  const filePath = join(await temporaryFolder('registry'), 'cloud.db');
  const database = await openDatabase({ filePath }, [registrySchema, claimSchema]);
  onTestFinished(() => database.close());
  return { clock, database, registry: await Registry.open(database, clock) };
}

function issuer(clock: FakeClock) {
  const issued: string[] = [];
  return {
    issued,
    issue: async (thing: string): Promise<IssuedCertificate> => {
      const certificateId = createHash('sha256').update(randomUUID()).digest('hex');
      issued.push(thing);
      return {
        certificateId,
        certificatePem: `pem of ${certificateId}`,
        notAfterMs: clock.now() + 1e9,
      };
    },
  };
}

const keyA = 'a'.repeat(64);
const keyB = 'b'.repeat(64);

describe('things', () => {
  it('are made claimed and enabled, and read by name', async () => {
    const { registry, clock } = await fresh();
    await registry.createThing('shed', 'sensor');
    const door = await registry.createThing('door', 'button');
    expect(door).toEqual({
      name: 'door',
      type: 'button',
      claim: 'CLAIMED',
      claimConfirmed: false,
      enabled: true,
      tags: {},
      createdMs: clock.now(),
      version: 1,
    });
    expect(await registry.getThing('door')).toEqual(door);
    expect(await registry.getThing('Door')).toBeUndefined();
    expect(await registry.getThing('shed')).toMatchObject({ type: 'sensor' });
  });

  it('are refused when the name is taken, unfit for topics, or the type is unknown', async () => {
    const { registry } = await fresh();
    await registry.createThing('door', 'button');
    await expect(registry.createThing('door', 'sensor')).rejects.toMatchObject({ code: 'THING_EXISTS' });
    for (const name of ['', 'a/b', '+', '#', 'a b', 'x'.repeat(129)]) {
      await expect(registry.createThing(name, 'button')).rejects.toMatchObject({
        code: 'THING_NAME_INVALID',
      });
    }
    await expect(registry.createThing('x', 'toaster')).rejects.toMatchObject({
      code: 'DEVICE_TYPE_UNKNOWN',
      hint: expect.stringContaining('button'),
    });
  });

  it('change only when nobody changed them meanwhile', async () => {
    const { registry } = await fresh();
    const { version } = await registry.createThing('door', 'button');
    const disabled = await registry.setEnabled('door', false, version);
    expect(disabled).toMatchObject({ enabled: false, version: 2 });
    await expect(registry.setEnabled('door', true, version)).rejects.toMatchObject({ code: 'THING_CHANGED' });
    expect(await registry.setEnabled('door', true)).toMatchObject({ enabled: true, version: 3 });
    await expect(registry.setEnabled('nobody', true)).rejects.toMatchObject({ code: 'THING_UNKNOWN' });
  });
});

describe('remaining life', () => {
  const types = new DeviceTypes([{ type: 'toy', kind: 'button', ratedClicks: 10, methods: [] }]);

  it('falls from 100 to 0 percent over the rated clicks of a button', () => {
    expect([0, 500, 2_000, 2_500].map((clicks) => types.remainingLife('button', clicks))).toEqual([
      100, 75, 0, 0,
    ]);
  });

  it('is unknown for a type without rated clicks', () => {
    expect(types.remainingLife('sensor', 10)).toBeNull();
    expect(types.remainingLife('toaster', 10)).toBeNull();
  });

  it('follows the types of the configuration', () => {
    expect(types.remainingLife('toy', 5)).toBe(50);
    expect(types.meantBy('button')).toEqual(['button', 'lte-m-button', 'wired-button', 'toy']);
  });
});

describe('claim tokens', () => {
  it('give one certificate, and the secret itself is stored nowhere', async () => {
    const { registry, clock, database } = await fresh();
    await registry.createThing('door', 'button');
    const { secret, expiresAtMs } = await registry.createClaimToken('door', hourMs);
    expect(expiresAtMs).toBe(clock.now() + hourMs);
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const { issue } = issuer(clock);
    const result = await registry.redeemClaim({ secret, publicKeySha256: keyA, issue });
    expect(result).toMatchObject({ thing: 'door', repeated: false });
    expect(registry.certificate(result.certificateId)).toEqual({
      id: result.certificateId,
      thing: 'door',
      status: 'ACTIVE',
      notAfterMs: result.notAfterMs,
    });
    expect(JSON.stringify(await database.all('SELECT * FROM claim_token'))).not.toContain(secret);
  });

  it('give the same certificate again to the same key, also after they expired, and to no other', async () => {
    const { registry, clock } = await fresh();
    await registry.createThing('door', 'button');
    const { secret } = await registry.createClaimToken('door', hourMs);
    const { issue, issued } = issuer(clock);
    const first = await registry.redeemClaim({ secret, publicKeySha256: keyA, issue });
    clock.advance(2 * hourMs);
    const second = await registry.redeemClaim({ secret, publicKeySha256: keyA, issue });
    expect(second).toEqual({ ...first, repeated: true });
    await expect(registry.redeemClaim({ secret, publicKeySha256: keyB, issue })).rejects.toMatchObject({
      code: 'CLAIM_USED',
    });
    expect(issued).toEqual(['door']);
  });

  it('expire', async () => {
    const { registry, clock } = await fresh();
    await registry.createThing('door', 'button');
    const { secret } = await registry.createClaimToken('door', hourMs);
    const { issue, issued } = issuer(clock);
    clock.advance(hourMs);
    await expect(registry.redeemClaim({ secret, publicKeySha256: keyA, issue })).rejects.toMatchObject({
      code: 'CLAIM_EXPIRED',
    });
    expect(issued).toEqual([]);
  });

  it('are not guessed, and not made for things that do not exist', async () => {
    const { registry, clock } = await fresh();
    const { issue } = issuer(clock);
    await expect(
      registry.redeemClaim({ secret: 'x'.repeat(43), publicKeySha256: keyA, issue }),
    ).rejects.toMatchObject({ code: 'CLAIM_INVALID' });
    await expect(registry.createClaimToken('door', hourMs)).rejects.toMatchObject({ code: 'THING_UNKNOWN' });
  });

  it('stay usable when signing fails', async () => {
    const { registry, clock } = await fresh();
    await registry.createThing('door', 'button');
    const { secret } = await registry.createClaimToken('door', hourMs);
    const failing = async () => {
      throw new Error('no pen');
    };
    await expect(registry.redeemClaim({ secret, publicKeySha256: keyA, issue: failing })).rejects.toThrow(
      'no pen',
    );
    const { issue } = issuer(clock);
    expect(await registry.redeemClaim({ secret, publicKeySha256: keyB, issue })).toMatchObject({
      thing: 'door',
    });
  });

  it('serve one of two keys that come at the same moment', async () => {
    const { registry, clock } = await fresh();
    await registry.createThing('door', 'button');
    const { secret } = await registry.createClaimToken('door', hourMs);
    const { issue, issued } = issuer(clock);
    const results = await Promise.allSettled(
      [keyA, keyB, keyA, keyB].map((publicKeySha256) =>
        registry.redeemClaim({ secret, publicKeySha256, issue }),
      ),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect(issued).toEqual(['door']);
  });
});

describe('revocation', () => {
  it('revokes every certificate, tells the listeners, and lasts over a restart', async () => {
    const { registry, clock, database } = await fresh();
    const { issue } = issuer(clock);
    await registry.createThing('door', 'button');
    await registry.createThing('shed', 'button');
    const claim = async (thing: string, key: string) => {
      const { secret } = await registry.createClaimToken(thing, hourMs);
      const result = await registry.redeemClaim({ secret, publicKeySha256: key, issue });
      return { secret, id: result.certificateId };
    };
    const [one, two, other] = [
      await claim('door', keyA),
      await claim('door', keyB),
      await claim('shed', keyA),
    ];
    const heard: unknown[] = [];
    const stop = registry.onRevoked((revocation) => heard.push(revocation));
    const revoked = await registry.revokeThing('door');
    expect(revoked.sort()).toEqual([one!.id, two!.id].sort());
    expect(heard).toEqual([{ thing: 'door', certificateIds: expect.arrayContaining(revoked) }]);
    stop();
    for (const reader of [registry, await Registry.open(database, clock)]) {
      expect(reader.certificateStatus(one!.id)).toBe('REVOKED');
      expect(reader.certificateStatus(two!.id)).toBe('REVOKED');
      expect(reader.certificateStatus(other!.id)).toBe('ACTIVE');
      expect(reader.certificateStatus('0'.repeat(64))).toBeUndefined();
      expect(reader.certificatesOf('door')).toHaveLength(2);
    }
    await expect(
      registry.redeemClaim({ secret: one!.secret, publicKeySha256: keyA, issue }),
    ).rejects.toMatchObject({ code: 'CLAIM_USED' });
    expect(await registry.revokeThing('door')).toEqual([]);
    expect(heard).toHaveLength(1);
  });

  it('withdraws claim tokens that nobody has used', async () => {
    const { registry, clock } = await fresh();
    await registry.createThing('door', 'button');
    const { secret } = await registry.createClaimToken('door', hourMs);
    await registry.revokeThing('door');
    const { issue } = issuer(clock);
    await expect(registry.redeemClaim({ secret, publicKeySha256: keyA, issue })).rejects.toMatchObject({
      code: 'CLAIM_INVALID',
    });
  });

  it('of a thing that does not exist is refused', async () => {
    const { registry } = await fresh();
    await expect(registry.revokeThing('door')).rejects.toMatchObject({ code: 'THING_UNKNOWN' });
  });
});
