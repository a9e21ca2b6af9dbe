import { describe, expect, it } from 'vitest';
import { isValidKeyMaterial, keyMaterialFrom, Sealer } from '../../../gateway/repository/crypto.js';
import { deriveKey } from '../../../gateway/repository/keys.js';
import {
  nativePrimitives,
  portablePrimitives,
  type SealingPrimitives,
} from '../../../gateway/repository/sealing-primitives.js';
import { hex, sheetKey } from './vectors.js';

/** Poly1305-AES's own MAC shows when ciphertext and IV are chosen: open() takes it or not. */
function opensWith(
  primitives: SealingPrimitives,
  [message, r, k, nonce, mac]: readonly [string, string, string, string, string],
): boolean {
  const key = { encryption: Buffer.alloc(32, 1), macNonceKey: hex(k), macMultiplier: hex(r) };
  return new Sealer(key, primitives).open(Buffer.concat([hex(nonce), hex(message), hex(mac)])) !== undefined;
}

const native = nativePrimitives();

describe.each<[string, SealingPrimitives]>([
  ['plain Node', portablePrimitives()],
  ...(native === undefined ? [] : [['OpenSSL', native] as [string, SealingPrimitives]]),
])('by %s', (_name, primitives) => {
  describe('Poly1305-AES', () => {
    it.each([
      [
        'f3f6',
        '851fc40c3467ac0be05cc20404f3f700',
        'ec074c835580741701425b623235add6',
        'fb447350c4e868c52ac3275cf9d4327e',
        'f4c633c3044fc145f84f335cb81953de',
      ],
      [
        '',
        'a0f3080000f46400d0c7e9076c834403',
        '75deaa25c09f208e1dc4ce6b5cad3fbf',
        '61ee09218d29b0aaed7e154a2c5509cc',
        'dd3fab2251f11ac759f0887129cc2ee7',
      ],
      [
        '663cea190ffb83d89593f3f476b6bc24d7e679107ea26adb8caf6652d0656136',
        '48443d0bb0d21109c89a100b5ce2c208',
        '6acb5f61a7176dd320c5c1eb2edcdc74',
        'ae212a55399729595dea458bc621ff0e',
        '0ee1c16bb73f0f4fd19881753c01cdbe',
      ],
      [
        'ab0812724a7f1e342742cbed374d94d136c6b8795d45b3819830f2c04491faf0990c62e48b8018b2c3e4a0fa3134cb67fa83e158c994d961c4cb21095c1bf9',
        '12976a08c4426d0ce8a82407c4f48207',
        'e1a5668a4d5b66a5f68cc5424ed5982d',
        '9ae831e743978d3a23527c7128149e3a',
        '5154ad0d2cb26e01274fc51148491f1b',
      ],
    ])('authenticates the published message %s', (message, r, k, nonce, mac) => {
      expect(opensWith(primitives, [message, r, k, nonce, mac])).toBe(true);
      const changed = hex(mac);
      changed[15]! ^= 1;
      expect(opensWith(primitives, [message, r, k, nonce, changed.toString('hex')])).toBe(false);
    });
  });

  describe('sealing', () => {
    it("opens restic's own vector", () => {
      const sealer = new Sealer(
        {
          encryption: hex('303e8687b1d7db18421bdc6bb8588ccadac4d59ee87b8ff70c44e635790cafef'),
          macNonceKey: hex('ef4d8824cb80b2bcc5fbff8a9b12a42c'),
          macMultiplier: hex('cc8d4b948ee0ebfe1d415de921d10353'),
        },
        primitives,
      );
      const sealed = hex(
        '69fb41c62d12def4593bd71757138606338f621aeaeb39da0fe4f99233f8037a54ea63338a813bcf3f75d8c3cc75dddf8750',
      );
      expect(sealer.open(sealed)?.toString()).toBe('Dies ist ein Test!');
    });

    it.each([
      ['', '0102030405060708090a0b0c0d0e0f10985f042e7702a43043f776ffc82e85cb'],
      ['abc', '0102030405060708090a0b0c0d0e0f10ee8d477bdd44bb6dea18fd85ae90c22968b71e'],
    ])('gives the known bytes for "%s"', async (plain, expected) => {
      const sealer = new Sealer(await sheetKey(), primitives);
      const iv = hex('0102030405060708090a0b0c0d0e0f10');
      expect(sealer.seal(Buffer.from(plain), iv).toString('hex')).toBe(expected);
    });

    it('derives the known key from a password', async () => {
      const key = await deriveKey('pw', Buffer.alloc(64, 1), { n: 1024, r: 8, p: 1 });
      expect(Buffer.concat([key.encryption, key.macNonceKey, key.macMultiplier]).toString('hex')).toBe(
        '6c000f10da63298bc7001cf4464f3c5d04a90e3dbf010a569eb15461c877d384' +
          '734125ce1c9426ffdf8b4bcd8077715a1cc6946e77c846375ae9c30dc1534fb9',
      );
    });

    it('leads back to the plain bytes at every size around the block and piece limits', async () => {
      const sealer = new Sealer(await sheetKey(), primitives);
      for (const size of [0, 1, 15, 16, 17, 65535, 65536, 65537, 200_000]) {
        const plain = Buffer.alloc(size, 7);
        expect(sealer.open(sealer.seal(plain))?.equals(plain)).toBe(true);
      }
    });

    it('refuses a change of any part, and fewer bytes than a seal has', async () => {
      const sealer = new Sealer(await sheetKey(), primitives);
      const sealed = sealer.seal(Buffer.from('some content'));
      for (const at of [0, 16, sealed.length - 1]) {
        const changed = Buffer.from(sealed);
        changed[at]! ^= 0x80;
        expect(sealer.open(changed)).toBeUndefined();
      }
      expect(sealer.open(sealed.subarray(0, 31))).toBeUndefined();
    });

    it('never uses an IV twice', async () => {
      const sealer = new Sealer(await sheetKey(), primitives);
      const ivs = Array.from({ length: 100 }, () => sealer.seal(Buffer.alloc(0)).toString('hex', 0, 16));
      expect(new Set(ivs).size).toBe(100);
    });
  });

  it('seals into a room of the caller, in which the plain bytes may lie', async () => {
    const sealer = new Sealer(await sheetKey(), primitives);
    const room = Buffer.alloc(1000);
    room.write('in place', 16);
    const sealed = sealer.sealInto(room, room.subarray(16, 24));
    expect(sealed.length).toBe(40);
    expect(sealer.open(sealed)?.toString()).toBe('in place');
  });
});

describe('key material', () => {
  it('is invalid with a part that is all zero', () => {
    const bytes = Buffer.alloc(64, 1);
    expect(isValidKeyMaterial(keyMaterialFrom(bytes))).toBe(true);
    for (const [from, to] of [
      [0, 32],
      [32, 48],
      [48, 64],
    ] as const) {
      expect(isValidKeyMaterial(keyMaterialFrom(Buffer.from(bytes).fill(0, from, to)))).toBe(false);
    }
  });
});
