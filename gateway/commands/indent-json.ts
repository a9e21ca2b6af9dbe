/**
 * Compact JSON with two spaces of indent, as Go's encoder indents. It works on the text, so that
 * numbers, escapes and the order of members stay as they were stored.
 */
const token = /"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|[^\s{}[\],:"]+/gs;

export function indentJson(json: string): string {
  let depth = 0;
  const newLine = () => `\n${'  '.repeat(depth)}`;
  const indented: Readonly<Record<string, (part: string) => string>> = {
    ':': () => ': ',
    ',': () => `,${newLine()}`,
    '{': (part) => opened(part),
    '[': (part) => opened(part),
    '}': (part) => closed(part),
    ']': (part) => closed(part),
  };
  const opened = (part: string) => {
    depth++;
    return part + newLine();
  };
  const closed = (part: string) => {
    depth--;
    return newLine() + part;
  };
  return (json.match(token) ?? []).map((part) => indented[part]?.(part) ?? whole(part)).join('');
}

/** Strings and numbers as they are, empty objects and lists without white space. */
function whole(part: string): string {
  return part.startsWith('"') ? part : part.replace(/\s/g, '');
}
