/** How data goes through a state: InputPath, Parameters, ResultSelector, ResultPath, OutputPath. */
import { type Json, parsePath, readPath, writePath } from './reference-path.js';
import { StateFault } from './state-fault.js';

/** InputPath and OutputPath: null stands for an empty object. @throws StateFault */
export function selected(path: string | null | undefined, data: Json, context: Json): Json {
  if (path === null) return {};
  return path === undefined ? data : valueAt(path, data, context, 'States.Runtime');
}

/** Parameters and ResultSelector. @throws StateFault */
export function filled(template: Json | undefined, data: Json, context: Json): Json {
  return template === undefined ? data : fill(template, data, context);
}

function fill(template: Json, data: Json, context: Json): Json {
  if (Array.isArray(template)) return template.map((member) => fill(member, data, context));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, member]) =>
      key.endsWith('.$')
        ? [key.slice(0, -2), valueAt(String(member), data, context, 'States.ParameterPathFailure')]
        : [key, fill(member, data, context)],
    ),
  );
}

/** Puts the result into the state's input: whole when no path is given, nowhere when it is null. */
export function withResult(path: string | null | undefined, input: Json, result: Json): Json {
  if (path === null) return input;
  const parsed = parsePath(path ?? '$');
  const output = parsed && writePath(parsed, input, result);
  if (output !== undefined) return output;
  throw new StateFault('States.ResultPathMatchFailure', `The result does not fit into the input at ${path}.`);
}

/** @throws StateFault when nothing stands there. */
export function valueAt(path: string, data: Json, context: Json, error: string): Json {
  const parsed = parsePath(path);
  const value = parsed && readPath(parsed, data, context);
  if (value === undefined) throw new StateFault(error, `There is nothing at ${path}.`);
  return value;
}
