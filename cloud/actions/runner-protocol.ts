/** The messages between the cloud and a handler's process, and what that process is started with. */

/** First argument of the runner, as JSON. */
export interface RunnerSettings {
  readonly handlerPath: string;
  /** The cloud's process: when it is gone, the handler's process ends too. */
  readonly parentPid: number;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
  readonly logGroupName: string;
  readonly logStreamName: string;
}

export interface InvokeMessage {
  readonly type: 'invoke';
  readonly runId: string;
  readonly attempt: number;
  /** The event as JSON text. */
  readonly event: string;
  readonly timeoutMs: number;
  /** Written to both outputs when the run ended, so that the reader knows it has the whole log. */
  readonly endMark: string;
}

export interface ErrorReport {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

export type RunnerMessage =
  | { readonly type: 'ready' }
  | {
      readonly type: 'unloadable';
      readonly reason: 'missing' | 'export' | 'broken';
      readonly error: ErrorReport;
    }
  /** `result`: what it returned, as JSON; absent when that is too large, or no JSON. */
  | { readonly type: 'succeeded'; readonly runId: string; readonly result?: string }
  /** `crashed`: nobody caught it and the process ends. */
  | {
      readonly type: 'failed';
      readonly runId: string;
      readonly crashed: boolean;
      readonly error: ErrorReport;
    };
