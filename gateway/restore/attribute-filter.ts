/** Which extended attributes are restored: patterns over their names, as restic has them. */
import { compilePatterns } from '../files/patterns.js';
import type { AttributePatterns } from './messages.js';

/** @throws PATTERN_MALFORMED. */
export function attributeFilter({ includes, excludes }: AttributePatterns): (name: Buffer) => boolean {
  const wanted = compilePatterns(includes);
  const unwanted = compilePatterns(excludes);
  return (name) => {
    const components = [name.toString('utf8')];
    if (unwanted.match(components).matched) return false;
    return wanted.isEmpty || wanted.match(components).matched;
  };
}
