/** `gatehouse rover`: drives a buggy from where it stands to a goal, or shows how it would. */
import type { Command } from 'commander';
import { addRoverDrive } from '../rover/drive-command.js';
import { addRoverSimulate } from '../rover/simulate-command.js';

export function addRover(program: Command): void {
  const rover = program
    .command('rover')
    .description('a buggy that drives to a goal, avoids what stands in its way and measures on the way');
  addRoverDrive(rover);
  addRoverSimulate(rover);
}
