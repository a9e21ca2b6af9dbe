/** Names of functions as AWS writes them, so that 1-Click callbacks carry over unchanged. */

export const localRegion = 'local';
export const localAccount = '000000000000';

const functionArnPattern = /^arn:aws[a-z-]*:lambda:[^:]*:\d{12}:function:([A-Za-z0-9_-]{1,64})(?::[^:]+)?$/;

export const functionNamePattern = /^[A-Za-z0-9_-]{1,64}$/;

export function functionArn(name: string): string {
  return `arn:aws:lambda:${localRegion}:${localAccount}:function:${name}`;
}

/** The function's name in a Lambda ARN, or undefined when the text is none. */
export function functionNameOf(arn: string): string | undefined {
  return functionArnPattern.exec(arn)?.[1];
}

/** Whether the ARN names something that this cloud itself runs. */
export function isLocalArn(arn: string): boolean {
  return arn.includes(`:${localRegion}:${localAccount}:`);
}

/** The region in an ARN; undefined when it names none. */
export function regionOf(arn: string): string | undefined {
  const region = arn.split(':')[3];
  return region === undefined || region === '' ? undefined : region;
}

const workflowArnPattern = /^arn:aws[a-z-]*:states:[^:]*:\d{12}:stateMachine:([A-Za-z0-9_-]{1,80})$/;

export function workflowArn(name: string): string {
  return `arn:aws:states:${localRegion}:${localAccount}:stateMachine:${name}`;
}

/** The name in the ARN of a state machine, or undefined when the text is none. */
export function workflowNameOf(arn: string): string | undefined {
  return workflowArnPattern.exec(arn)?.[1];
}
