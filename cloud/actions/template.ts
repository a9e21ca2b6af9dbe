/**
 * Fills `{{Name}}` in a text from a click event, in one pass: what an attribute holds is never
 * expanded again. An attribute that is not there is an error, never an empty place in the text.
 */

import { missingAttribute } from './errors.js';
import type { ClickEvent } from './event.js';

const placeholder = /\{\{\s*([^{}]+?)\s*\}\}/g;

/**
 * `{{*}}`: every placement attribute as `name: value`, one per line, sorted by name. `{{clickType}}`,
 * `{{deviceId}}` and `{{time}}` are the click's; any other name is a placement attribute.
 * @throws MISSING_ATTRIBUTE when a named attribute is absent, or when nothing but blanks comes out.
 */
export function fillTemplate(template: string, event: ClickEvent): string {
  const attributes = event.placementInfo?.attributes ?? {};
  const own: Record<string, string> = {
    clickType: event.deviceEvent.buttonClicked.clickType,
    deviceId: event.deviceInfo.deviceId,
    time: event.deviceEvent.buttonClicked.reportedTime,
  };
  const text = template.replace(placeholder, (_whole, name: string) => {
    if (name === '*') return listOf(attributes);
    const source = Object.hasOwn(own, name) ? own : attributes;
    const value = Object.hasOwn(source, name) ? source[name] : undefined;
    if (value === undefined || value === '') throw missingAttribute(name);
    return value;
  });
  if (text.trim() === '') throw missingAttribute('*');
  return text;
}

function listOf(attributes: Readonly<Record<string, string>>): string {
  return Object.keys(attributes)
    .sort()
    .map((name) => `${name}: ${attributes[name] ?? ''}`)
    .join('\n');
}
