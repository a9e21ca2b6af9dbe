/** `gatehouse completion`: completion scripts for bash, zsh and fish, made from the command tree itself. */
import { Argument, type Command } from 'commander';
import { createContext } from '../context.js';

interface Node {
  /** Words before it: `` for the top, `device press` for a nested command. */
  readonly path: string;
  readonly words: readonly string[];
}

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a completion script for your shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
Load it once:
  bash:  gatehouse completion bash > ~/.local/share/bash-completion/completions/gatehouse
  zsh:   gatehouse completion zsh > "\${fpath[1]}/_gatehouse"
  fish:  gatehouse completion fish > ~/.config/fish/completions/gatehouse.fish`,
    )
    .action((shell: 'bash' | 'zsh' | 'fish', _options, command: Command) => {
      const { terminal } = createContext(command);
      const nodes = collect(program, []);
      terminal.print({ bash: bashScript, zsh: zshScript, fish: fishScript }[shell](nodes));
    });
}

function collect(command: Command, path: readonly string[]): Node[] {
  const flags = command.options.map((option) => option.long ?? option.short ?? '').filter(Boolean);
  const names = command.commands.map((child) => child.name());
  const here: Node = { path: path.join(' '), words: [...names, ...flags, '--help'] };
  return [here, ...command.commands.flatMap((child) => collect(child, [...path, child.name()]))];
}

function cases(nodes: readonly Node[]): string {
  return nodes.map((node) => `    '${node.path}') words='${node.words.join(' ')}' ;;`).join('\n');
}

/** The words typed so far that are commands, not flags, select the node; unknown words are arguments. */
function bashScript(nodes: readonly Node[]): string {
  return `_gatehouse() {
  local current=\${COMP_WORDS[COMP_CWORD]} path= word words known=' ${nodes.map((n) => n.path.replaceAll(' ', '/')).join(' ')} '
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    local next=\${path:+$path/}$word
    [[ $known == *" $next "* ]] && path=$next
  done
  case "\${path//\\// }" in
${cases(nodes)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ \${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _gatehouse gatehouse`;
}

function zshScript(nodes: readonly Node[]): string {
  return `#compdef gatehouse
autoload -U +X bashcompinit && bashcompinit
${bashScript(nodes)}`;
}

function fishScript(nodes: readonly Node[]): string {
  const lines = nodes.flatMap((node) => {
    const condition = node.path
      ? node.path
          .split(' ')
          .map((word) => `__fish_seen_subcommand_from ${word}`)
          .join('; and ')
      : '__fish_use_subcommand';
    return node.words.map((word) =>
      word.startsWith('--')
        ? `complete -c gatehouse -n '${condition}' -l ${word.slice(2)}`
        : `complete -c gatehouse -n '${condition}' -f -a ${word}`,
    );
  });
  return lines.join('\n');
}
