/** Why a call about alarms is refused. */
import { GatehouseError } from '../../core/errors.js';

/** No rule of that name: see the list. */
export function alarmRuleUnknown(name: string): GatehouseError {
  return new GatehouseError('ALARM_RULE_UNKNOWN', `There is no alarm rule "${name}".`, {
    context: { name },
    hint: 'gatehouse alarm list shows all.',
  });
}

/** A rule of that name is there: choose another name, or delete it first. */
export function alarmRuleExists(name: string): GatehouseError {
  return new GatehouseError('ALARM_RULE_EXISTS', `There is an alarm rule "${name}" already.`, {
    context: { name },
    hint: 'Choose another name, or delete that rule first.',
  });
}

/** The rule comes from the configuration: change it there. */
export function alarmRuleConfigured(name: string): GatehouseError {
  return new GatehouseError(
    'ALARM_RULE_CONFIGURED',
    `The alarm rule "${name}" stands in the configuration.`,
    {
      context: { name },
      hint: 'Take it out of "alarms" there and start the backend again.',
    },
  );
}

/** The rule watches nothing of that name. */
export function alarmUnknown(rule: string, subject: string): GatehouseError {
  return new GatehouseError('ALARM_UNKNOWN', `The rule "${rule}" has no alarm for "${subject}".`, {
    context: { rule, subject },
  });
}

/** As many rules as there may be: delete some. */
export function tooManyAlarmRules(limit: number): GatehouseError {
  return new GatehouseError('TOO_MANY_ALARM_RULES', `There may be at most ${limit} alarm rules.`);
}
