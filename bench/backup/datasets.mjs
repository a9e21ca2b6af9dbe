/**
 * What the backup bench backs up. `make` fills a folder; `change` alters about one hundredth of it in
 * place. All from fixed seeds, but for the real tree.
 */
import { spawnSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const mib = 1024 ** 2;

export const datasets = {
  tree: {
    title: 'a copy of /usr',
    make: (folder) => copyTree('/usr', join(folder, 'usr')),
    change: (folder) => changeFiles(folder),
  },
  noise: {
    title: '2 GiB that do not compress',
    make: (folder) => writeParts(join(folder, 'noise.bin'), 2048, noise(3)),
    change: (folder) => editBlocks(join(folder, 'noise.bin'), 20),
  },
  image: {
    title: 'a disk image of 4 GiB with scattered edits and an insertion near the front',
    make: (folder) => writeParts(join(folder, 'disk.img'), 4096, diskImage()),
    change: (folder) => insertAndEdit(join(folder, 'disk.img')),
  },
  small: {
    title: '100,000 small files',
    make: (folder) => smallFiles(folder, 100_000),
    change: (folder) => changeFiles(folder),
  },
  quick: {
    title: '256 MiB that do not compress, 256 MiB of log text, 5,000 small files',
    make: (folder) => {
      writeParts(join(folder, 'noise.bin'), 256, noise(3));
      writeParts(join(folder, 'sensor.log'), 256, logText());
      smallFiles(join(folder, 'small'), 5000);
    },
    change: (folder) => changeFiles(join(folder, 'small')),
  },
};

function copyTree(from, to) {
  const copied = spawnSync('cp', ['-a', '--reflink=auto', from, to], { stdio: 'inherit' });
  if (copied.status !== 0) throw new Error(`cannot copy ${from}`);
}

/** Makes the next MiB of a key stream at each call. */
function noise(seed) {
  const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, seed), Buffer.alloc(16));
  const zeros = Buffer.alloc(mib);
  return () => cipher.update(zeros);
}

function logText() {
  let line = 0;
  return () => {
    let text = '';
    while (text.length < mib)
      text += `2026-01-02T03:${line % 60}:05Z room.temperature ${(20 + Math.sin(line++) * 3).toFixed(3)} Cel\n`;
    return Buffer.from(text.slice(0, mib));
  };
}

/** A half that is empty, a quarter text, a quarter noise, in stretches of 8 MiB. */
function diskImage() {
  const random = noise(7);
  const text = logText();
  const empty = Buffer.alloc(mib);
  let part = 0;
  return () => {
    const stretch = (part++ >> 3) % 4;
    return stretch === 1 ? text() : stretch === 3 ? random() : empty;
  };
}

function writeParts(filePath, count, make) {
  const file = openSync(filePath, 'w');
  for (let i = 0; i < count; i++) writeSync(file, make());
  closeSync(file);
}

function smallFiles(folder, count) {
  for (let i = 0; i < count; i++) {
    const place = join(folder, String(i % 100));
    if (i < 100) mkdirSync(place, { recursive: true });
    writeFileSync(join(place, `${i}.txt`), `file ${i}\n`.repeat(i % 200));
  }
}

/** Appends to every hundredth regular file. */
function changeFiles(folder) {
  let at = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || at++ % 100 !== 0) continue;
    const filePath = join(entry.parentPath, entry.name);
    const file = openSync(filePath, 'a');
    writeSync(file, `changed ${at}\n`);
    closeSync(file);
  }
}

/** Overwrites `count` blocks of 4 KiB, evenly spread. */
function editBlocks(filePath, count) {
  const file = openSync(filePath, 'r+');
  const step = Math.floor(statSync(filePath).size / count);
  for (let i = 0; i < count; i++) writeSync(file, Buffer.alloc(4096, i + 1), 0, 4096, i * step + 12_345);
  closeSync(file);
}

function insertAndEdit(filePath) {
  const longer = `${filePath}.longer`;
  const from = openSync(filePath, 'r');
  const to = openSync(longer, 'w');
  const buffer = Buffer.alloc(mib);
  let at = 0;
  for (let read = readSync(from, buffer, 0, mib, at); read > 0; read = readSync(from, buffer, 0, mib, at)) {
    writeSync(to, buffer.subarray(0, read));
    if (at === 0) writeSync(to, Buffer.from('inserted near the front'));
    at += read;
  }
  closeSync(from);
  closeSync(to);
  renameSync(longer, filePath);
  editBlocks(filePath, 40);
}
