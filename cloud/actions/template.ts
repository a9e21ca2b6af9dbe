/**
 * Fills `{{Name}}` in a text from an event, in one pass: what an attribute holds is never
 * expanded again. An attribute that is not there is an error, never an empty place in the text.
 */
import { missingAttribute } from './errors.js';

const placeholder = /\{\{\s*([^{}]+?)\s*\}\}/g;

/** The event of any cause; what a template finds of it depends on what is there. */
export type TemplateEvent = object;

/**
 * `{{*}}`: every placement attribute as `name: value`, one per line, sorted by name. `{{clickType}}`,
 * `{{deviceId}}` and `{{time}}` are the click's. Any other name is a placement attribute, or else a
 * member of the event by its path, such as `{{deviceInfo.remainingLife}}`.
 * @throws MISSING_ATTRIBUTE when what is named is absent, or when nothing but blanks comes out.
 */
export function fillTemplate(template: string, event: TemplateEvent): string {
  const attributes = attributesOf(event);
  const own: Record<string, unknown> = {
    clickType: memberOf(event, 'deviceEvent.buttonClicked.clickType'),
    deviceId: memberOf(event, 'deviceInfo.deviceId'),
    time: timeOf(event),
  };
  const text = template.replace(placeholder, (_whole, name: string) => {
    if (name === '*') return listOf(attributes);
    const value = Object.hasOwn(own, name) ? own[name] : (ownOf(attributes, name) ?? memberOf(event, name));
    if (!isScalar(value) || value === '') throw missingAttribute(name);
    return String(value);
  });
  if (text.trim() === '') throw missingAttribute('*');
  return text;
}

/** When the cause was received, where its event tells. */
export function timeOf(event: TemplateEvent): unknown {
  return memberOf(event, 'deviceEvent.buttonClicked.reportedTime') ?? memberOf(event, 'time');
}

function attributesOf(event: TemplateEvent): Readonly<Record<string, string>> {
  const attributes = memberOf(event, 'placementInfo.attributes');
  return typeof attributes === 'object' && attributes !== null ? (attributes as Record<string, string>) : {};
}

function memberOf(event: unknown, path: string): unknown {
  return path.split('.').reduce(ownOf, event);
}

/** Only what the event itself holds, never what every object inherits. */
function ownOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function listOf(attributes: Readonly<Record<string, string>>): string {
  return Object.keys(attributes)
    .sort()
    .map((name) => `${name}: ${attributes[name] ?? ''}`)
    .join('\n');
}
