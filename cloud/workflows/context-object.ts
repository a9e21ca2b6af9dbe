/** What `$$` stands for. https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html */
import type { Json } from './reference-path.js';
import type { Token } from './snapshot.js';

export interface ExecutionFacts {
  readonly id: string;
  readonly workflow: string;
  readonly arn: string;
  readonly input: Json;
  readonly startedMs: number;
}

export function contextOf({ id, arn, workflow, input, startedMs }: ExecutionFacts, token: Token): Json {
  return {
    Execution: { Id: id, Name: id, Input: input, StartTime: new Date(startedMs).toISOString() },
    State: {
      Name: token.state,
      EnteredTime: new Date(token.enteredMs).toISOString(),
      RetryCount: token.retries.reduce((sum, count) => sum + count, 0),
    },
    StateMachine: { Id: arn, Name: workflow },
  };
}
