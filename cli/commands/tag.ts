/** `gatehouse tag`: changes the tags of snapshots. */
import { Argument, type Command, Option } from 'commander';
import { countOf } from '../../core/count.js';
import { createContext } from '../context.js';
import {
  openRepository,
  type RepositoryFlags,
  withObjectLockOptions,
  withRepositoryOptions,
} from '../repository-options.js';
import { type FilterFlags, filterFrom, withFilterOptions } from './snapshots.js';

interface Flags extends RepositoryFlags, FilterFlags {
  readonly set?: readonly string[];
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
}

export function addTag(program: Command): void {
  withFilterOptions(withObjectLockOptions(withRepositoryOptions(program.command('tag'))))
    .description('change the tags of snapshots')
    .addArgument(new Argument('[snapshot...]', 'ids or their beginnings; all that fit the filters if none'))
    .addOption(
      new Option('--set <tags>', 'have these tags from now on, "a,b"; \'\' for none').argParser(appendTags),
    )
    .addOption(new Option('--add <tags>', 'have these tags too (may be repeated)').argParser(appendTags))
    .addOption(
      new Option('--remove <tags>', 'have these tags no more (may be repeated)').argParser(appendTags),
    )
    .addHelpText('after', '\nA changed snapshot gets a new id; "original" in its record is the first one.')
    .action(async (snapshots: string[], flags: Flags, command: Command) => {
      const context = createContext(command);
      const { terminal, signal } = context;
      const { tag } = await import('../../gateway/commands/tag.js');
      const { repository, lifetimes } = await openRepository(context, flags);
      const { set, add = [], remove = [] } = flags;
      try {
        const options = { snapshots, ...filterFrom(flags), ...(set && { set }), add, remove, signal };
        const changes = await tag(repository, options, ({ oldId, newId }) => {
          if (terminal.json)
            terminal.printJson({ message_type: 'changed', old_snapshot_id: oldId, new_snapshot_id: newId });
          else terminal.print(`${oldId.slice(0, 8)} is ${newId.slice(0, 8)} now.`);
        });
        if (terminal.json) terminal.printJson({ message_type: 'summary', changed_snapshots: changes.length });
        else terminal.note(`${countOf(changes.length, 'snapshot')} changed.`);
      } finally {
        await lifetimes.close();
      }
    });
}

function appendTags(text: string, before: readonly string[] | undefined): readonly string[] {
  const tags = text.split(',').map((name) => name.trim());
  return [...(before ?? []), ...tags.filter((name) => name !== '')];
}
