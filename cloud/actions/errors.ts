/**
 * What can go wrong with an action. These sentences are stored with the run and shown in the
 * dashboard. Retryable ones are tried again as Lambda does for asynchronous calls.
 */
import { GatehouseError } from '../../core/errors.js';

/** The callback names a function that the configuration does not have; add it or mend the name. */
export function functionUnknown(name: string): GatehouseError {
  return new GatehouseError('FUNCTION_UNKNOWN', `There is no function "${name}".`, {
    context: { functionName: name },
    hint: `Add "${name}" under "functions" in the cloud's configuration, or change the callback.`,
  });
}

/** The handler's file is not there; put it there or mend `handler` in the configuration. */
export function handlerMissing(filePath: string): GatehouseError {
  return new GatehouseError('HANDLER_MISSING', `The handler file ${filePath} does not exist.`, {
    retryable: true,
    context: { filePath },
    hint: 'Check "handler" of this function in the configuration.',
  });
}

/** The handler's file cannot be loaded: a syntax error, a missing import, an error at its top level. */
export function handlerUnloadable(filePath: string, reason: string): GatehouseError {
  return new GatehouseError('HANDLER_UNLOADABLE', `The handler ${filePath} cannot be loaded: ${reason}`, {
    retryable: true,
    context: { filePath },
    hint: 'Run "node --check" on the file; the log of this run shows where it stopped.',
  });
}

/** The file exports no function `handler`; export one. */
export function handlerExportMissing(filePath: string): GatehouseError {
  return new GatehouseError('HANDLER_EXPORT_MISSING', `${filePath} does not export a function "handler".`, {
    retryable: true,
    context: { filePath },
    hint: 'Write "export const handler = async (event, context) => { ... }".',
  });
}

/** The handler threw or rejected; its log shows where. */
export function handlerThrew(name: string, message: string): GatehouseError {
  return new GatehouseError('HANDLER_THREW', `The handler threw ${name}: ${message}`, {
    retryable: true,
    context: { errorType: name, errorMessage: message },
  });
}

/** A promise that nobody awaited rejected, or a callback threw; its log shows where. */
export function handlerCrashed(name: string, message: string): GatehouseError {
  return new GatehouseError(
    'HANDLER_CRASHED',
    `The handler left an error unhandled, which ended its process: ${name}: ${message}`,
    { retryable: true, hint: 'Await every promise in the handler, or catch its error.' },
  );
}

/** The handler was still running at its limit and was killed; make it faster or raise `timeoutMs`. */
export function handlerTimedOut(timeoutMs: number): GatehouseError {
  return new GatehouseError(
    'HANDLER_TIMED_OUT',
    `The handler was stopped: it took longer than ${timeoutMs} ms.`,
    {
      retryable: true,
      context: { timeoutMs },
      hint: 'Raise "timeoutMs" of this function if it needs longer.',
    },
  );
}

/** The handler's process ended before it answered: `process.exit`, or killed from outside. */
export function handlerExited(how: string): GatehouseError {
  return new GatehouseError('HANDLER_EXITED', `The handler's process ended before it answered (${how}).`, {
    retryable: true,
    hint: 'A handler returns; it does not call process.exit.',
  });
}

/** The handler used more memory than it may; make it leaner or raise `memoryMb`. */
export function handlerOutOfMemory(memoryMb: number): GatehouseError {
  return new GatehouseError(
    'HANDLER_OUT_OF_MEMORY',
    `The handler needed more than its ${memoryMb} MB of memory.`,
    { retryable: true, context: { memoryMb }, hint: 'Raise "memoryMb" of this function if it needs more.' },
  );
}

/** The cloud is stopping; the run stays open and is run again at the next start. */
export function actionClosed(): GatehouseError {
  return new GatehouseError('ACTION_CLOSED', 'The cloud stopped before this run ended.', { retryable: true });
}

/** A text needs an attribute that neither placement nor event has; add it to the placement. */
export function missingAttribute(name: string): GatehouseError {
  return new GatehouseError('MISSING_ATTRIBUTE', `The placement has no attribute "${name}".`, {
    context: { attribute: name },
    hint: `Give the placement an attribute "${name}" (names are case-sensitive), or change the template.`,
  });
}

/** What a template made of `to` is no e-mail address; mend the template or the attribute. */
export function addressInvalid(address: string): GatehouseError {
  return new GatehouseError('ADDRESS_INVALID', `"${address}" is not an e-mail address.`, {
    hint: 'Mend "to" of this function, or the attribute it names.',
  });
}

/** The mail server could not be reached or asked to try later. */
export function mailDelayed(reason: string, cause: unknown): GatehouseError {
  return new GatehouseError('MAIL_DELAYED', `The mail server did not take the message for now: ${reason}`, {
    retryable: true,
    cause,
    hint: 'Check "smtp" in the configuration and that the server can be reached.',
  });
}

/** The mail server refused the message for good. */
export function mailRefused(reason: string, cause: unknown): GatehouseError {
  return new GatehouseError('MAIL_REFUSED', `The mail server refused the message: ${reason}`, {
    cause,
    hint: 'Check the addresses, and "smtp" in the configuration (user, password, from).',
  });
}

/** A ready-made action got no answer in its time; raise `timeoutMs` or see why the other side is slow. */
export function actionTimedOut(timeoutMs: number): GatehouseError {
  return new GatehouseError('ACTION_TIMED_OUT', `There was no answer within ${timeoutMs} ms.`, {
    retryable: true,
    context: { timeoutMs },
    hint: 'Raise "timeoutMs" of this function if the other side needs longer.',
  });
}

/** A ready-made action was given an event that is no JSON object; a workflow passed on something else. */
export function eventUnreadable(): GatehouseError {
  return new GatehouseError('EVENT_UNREADABLE', 'The event is no JSON object, so no template can be filled.');
}

/** The other side could not be reached, or asked to try later. */
export function deliveryDelayed(where: string, reason: string, cause: unknown): GatehouseError {
  return new GatehouseError('DELIVERY_DELAYED', `${where} did not take it for now: ${reason}`, {
    retryable: true,
    cause,
    hint: 'Check the address and that it can be reached from here.',
  });
}

/** The other side refused for good: a wrong address, key or text. */
export function deliveryRefused(where: string, reason: string): GatehouseError {
  return new GatehouseError('DELIVERY_REFUSED', `${where} refused it: ${reason}`, {
    hint: 'Check address, headers and text of this function.',
  });
}

/** What a template made of `to` is no phone number; mend the template or the attribute. */
export function phoneNumberInvalid(number: string): GatehouseError {
  return new GatehouseError('PHONE_NUMBER_INVALID', `"${number}" is not a phone number with its country.`, {
    hint: 'Write it as +491701234567 in "to" of this function, or in the attribute that it names.',
  });
}

/** What a template made of `topic` is no MQTT topic that one may publish on. */
export function topicInvalid(topic: string): GatehouseError {
  return new GatehouseError('TOPIC_INVALID', `"${topic.slice(0, 300)}" is not a topic to publish on.`, {
    hint: 'No + or #, at most 256 bytes; mend "topic" of this function, or the attribute that it names.',
  });
}

/** The broker is not open (yet, or any more). */
export function brokerAway(): GatehouseError {
  return new GatehouseError('BROKER_AWAY', 'The broker does not run.', { retryable: true });
}

/** The program of a function cannot be started, or ended before it asked for its first event. */
export function runtimeUnusable(reason: string): GatehouseError {
  return new GatehouseError('RUNTIME_UNUSABLE', `The function's program did not come up: ${reason}`, {
    retryable: true,
    hint: 'Check "command" and "directory" of this function; the log of this run shows what it wrote.',
  });
}
