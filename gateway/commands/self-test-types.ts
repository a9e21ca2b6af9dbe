/** What a self-test finds. Types only. */

export interface SelfTestStep {
  readonly message_type: 'step';
  readonly group: 'machine' | 'speed' | 'bucket' | 'repository';
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  /** A sentence: what was wrong, or why it was skipped, or what would be faster. */
  readonly note?: string;
  /** MB (10^6 bytes) per second. */
  readonly mb_per_second?: number;
  readonly milliseconds?: number;
}

export type StepHandler = (step: SelfTestStep) => void;

export interface SelfTestResult {
  readonly message_type: 'summary';
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}
