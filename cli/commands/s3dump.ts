/** `gatehouse s3dump`: for the help only; its command line is the original's and is read elsewhere. */
import type { Command } from 'commander';

export function addS3dump(program: Command): void {
  program
    .command('s3dump')
    .description('streams of tape-like dumps to a bucket, as the s3dump program (see s3dump --help)')
    .argument('[words...]', 'dump, restore, list, clean, delete, init, getacl, putacl')
    .action(() => {});
}
