/** What the configuration says about each function, and about the mail server that some use. */
import { z } from 'zod';
import { outputAction, pulseMs } from '../../core/wire/messages.js';
import { functionNamePattern } from './arn.js';

const retryDelaysMs = z
  .array(z.int().min(0).max(86_400_000))
  .max(10)
  .optional()
  .describe('Pauses before its second, third ... attempt; those under "actions" by default.');
const env = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string())
  .default({})
  .describe('Environment variables for the handler.');

export const nodeFunctionConfig = z.strictObject({
  kind: z.literal('node').describe('A handler as AWS Lambda runs it on Node.'),
  handler: z
    .string()
    .min(1)
    .describe('File that exports "handler" (async (event, context) => ...); ES module or CommonJS.'),
  timeoutMs: z.int().min(100).max(900_000).default(3_000).describe('A run is killed after that long.'),
  memoryMb: z.int().min(32).max(10_240).default(128).describe('Heap limit of a handler process, in MB.'),
  concurrency: z.int().min(1).max(64).default(4).describe('Events handled at the same time.'),
  retryDelaysMs,
  env,
});
export type NodeFunctionConfig = z.infer<typeof nodeFunctionConfig>;

export const runtimeFunctionConfig = z.strictObject({
  kind: z.literal('runtime').describe('A program in any language that speaks the Lambda Runtime API.'),
  command: z
    .array(z.string().min(1).max(4_096))
    .min(1)
    .max(100)
    .describe('The program and its arguments, such as ["./bootstrap"] or ["python3", "runtime.py"].'),
  directory: z.string().min(1).describe('Folder in which it runs; LAMBDA_TASK_ROOT.'),
  handler: z.string().min(1).max(128).default('handler').describe('What it finds in _HANDLER.'),
  timeoutMs: z.int().min(100).max(900_000).default(3_000).describe('A run is killed after that long.'),
  memoryMb: z
    .int()
    .min(32)
    .max(10_240)
    .default(128)
    .describe('Memory of its own that each of its processes may have, in MB.'),
  concurrency: z.int().min(1).max(64).default(2).describe('Processes, each with one event at a time.'),
  retryDelaysMs,
  env,
});
export type RuntimeFunctionConfig = z.infer<typeof runtimeFunctionConfig>;

const templateHelp =
  '{{Name}} is a placement attribute, {{*}} all of them, {{clickType}} {{deviceId}} {{time}} the click.';

export const emailFunctionConfig = z.strictObject({
  kind: z.literal('email').describe('Sends an e-mail through the server under "smtp".'),
  to: z.string().min(1).describe(`Recipients, separated by commas. ${templateHelp}`),
  subject: z.string().min(1).max(500).describe(`Subject. ${templateHelp}`),
  text: z.string().min(1).max(20_000).describe(`Plain text. ${templateHelp}`),
  concurrency: z.int().min(1).max(16).default(4).describe('Messages sent at the same time.'),
  retryDelaysMs,
});
export type EmailFunctionConfig = z.infer<typeof emailFunctionConfig>;

const sending = {
  timeoutMs: z.int().min(100).max(900_000).default(15_000).describe('How long an answer may take.'),
  concurrency: z.int().min(1).max(64).default(8).describe('Calls at the same time.'),
  retryDelaysMs,
};
const groupId = z
  .string()
  .min(1)
  .max(128)
  .default('gatehouse')
  .describe('Message group, for names that end in ".fifo".');
const httpUrl = z.url({ protocol: /^https?$/ });
const httpHeaders = z
  .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/), z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/))
  .default({});

export const webhookFunctionConfig = z.strictObject({
  kind: z.literal('webhook').describe('Posts the event to an address.'),
  url: httpUrl.describe('Address that takes the POST.'),
  body: z.string().min(1).max(100_000).optional().describe(`Body in place of the event. ${templateHelp}`),
  contentType: z.string().min(3).max(200).default('application/json').describe('Its Content-Type.'),
  headers: httpHeaders.describe('Further headers.'),
  secretFile: z.string().min(1).optional().describe('File with the secret that signs each request.'),
  ...sending,
});
export type WebhookFunctionConfig = z.infer<typeof webhookFunctionConfig>;

const smsGateway = z.strictObject({
  url: z
    .string()
    .regex(/^https?:\/\//)
    .max(2_000)
    .describe('Address; {{to}}, {{text}} and {{token}} are filled in.'),
  method: z.enum(['POST', 'PUT', 'GET']).default('POST').describe('HTTP method.'),
  headers: httpHeaders.describe('Headers; {{token}} is filled in.'),
  contentType: z.string().min(3).max(200).default('application/json').describe('Of the body.'),
  body: z
    .string()
    .max(10_000)
    .optional()
    .describe('Body; {{to}}, {{text}} and {{token}} are filled in, encoded.'),
  tokenFile: z.string().min(1).optional().describe('File with the token of the gateway.'),
});

export const smsFunctionConfig = z.strictObject({
  kind: z.literal('sms').describe('Sends a text message, through Amazon SNS unless "gateway" is given.'),
  to: z.string().min(1).max(200).describe(`Number with country, as +491701234567. ${templateHelp}`),
  text: z.string().min(1).max(1_600).describe(`Text. ${templateHelp}`),
  gateway: smsGateway.optional().describe('An SMS gateway that takes HTTP requests.'),
  region: z.string().min(1).optional().describe('AWS region that sends it.'),
  senderId: z
    .string()
    .regex(/^[A-Za-z0-9]{1,11}$/)
    .optional()
    .describe('Sender as SNS shows it, where allowed.'),
  ...sending,
});
export type SmsFunctionConfig = z.infer<typeof smsFunctionConfig>;

export const mqttFunctionConfig = z.strictObject({
  kind: z.literal('mqtt').describe('Publishes on our own broker.'),
  topic: z.string().min(1).max(1_000).describe(`Topic, such as gatehouse/v1/lamp/notice. ${templateHelp}`),
  payload: z
    .string()
    .min(1)
    .max(100_000)
    .optional()
    .describe(`Payload in place of the event. ${templateHelp}`),
  retain: z.boolean().default(false).describe('The broker keeps it for those who subscribe later.'),
  ...sending,
});
export type MqttFunctionConfig = z.infer<typeof mqttFunctionConfig>;

export const outputFunctionConfig = z.strictObject({
  kind: z.literal('output').describe('Switches a lamp, a buzzer or a relay of a device.'),
  thing: z.string().min(1).max(200).describe(`Device that has the output. ${templateHelp}`),
  output: z.string().min(1).max(128).optional().describe('Which output; its only one unless given.'),
  action: outputAction.default('pulse').describe('What to do. A run that is tried again pulses once.'),
  pulseMs: pulseMs.optional().describe('Length of a pulse, ms; as the device is configured unless given.'),
  ...sending,
});
export type OutputFunctionConfig = z.infer<typeof outputFunctionConfig>;

export const lambdaFunctionConfig = z.strictObject({
  kind: z.literal('lambda').describe('Runs a function in AWS Lambda.'),
  functionArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}(:[^:]+)?$/,
      'no ARN of a Lambda function',
    )
    .describe('Its ARN.'),
  ...sending,
});

export const snsFunctionConfig = z.strictObject({
  kind: z.literal('sns').describe('Publishes on a topic of Amazon SNS.'),
  topicArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,256}$/, 'no ARN of an SNS topic')
    .describe('ARN of the topic.'),
  subject: z.string().min(1).max(500).optional().describe(`Subject, for e-mail subscribers. ${templateHelp}`),
  message: z
    .string()
    .min(1)
    .max(100_000)
    .optional()
    .describe(`Message in place of the event. ${templateHelp}`),
  groupId,
  ...sending,
});
export type SnsFunctionConfig = z.infer<typeof snsFunctionConfig>;

export const sqsFunctionConfig = z.strictObject({
  kind: z.literal('sqs').describe('Sends to a queue of Amazon SQS.'),
  queue: z
    .string()
    .regex(/^(arn:aws[a-z-]*:sqs:|https?:\/\/)\S{1,500}$/, 'no ARN or URL of a queue')
    .describe('ARN or URL of the queue.'),
  body: z.string().min(1).max(100_000).optional().describe(`Body in place of the event. ${templateHelp}`),
  groupId,
  ...sending,
});
export type SqsFunctionConfig = z.infer<typeof sqsFunctionConfig>;

export const functionsConfig = z.record(
  z.string().regex(functionNamePattern, 'letters, digits, - and _ only, 1 to 64 of them'),
  z.discriminatedUnion('kind', [
    nodeFunctionConfig,
    runtimeFunctionConfig,
    emailFunctionConfig,
    webhookFunctionConfig,
    smsFunctionConfig,
    mqttFunctionConfig,
    outputFunctionConfig,
    lambdaFunctionConfig,
    snsFunctionConfig,
    sqsFunctionConfig,
  ]),
);
export type FunctionsConfig = z.infer<typeof functionsConfig>;

export const smtpConfig = z
  .strictObject({
    host: z.string().min(1).describe('Name or address of the mail server.'),
    port: z.int().min(1).max(65_535).default(587).describe('587 for submission, 465 with "secure".'),
    secure: z.boolean().default(false).describe('TLS from the first byte (port 465).'),
    requireTls: z
      .boolean()
      .optional()
      .describe('Refuse to send without TLS; on by default when a user is given.'),
    user: z.string().min(1).optional().describe('User name, if the server wants one.'),
    passwordFile: z.string().min(1).optional().describe('File that holds the password.'),
    from: z.string().min(3).describe('Sender: "door@example.org" or "Door <door@example.org>".'),
  })
  .refine((smtp) => (smtp.user === undefined) === (smtp.passwordFile === undefined), {
    message: '"user" and "passwordFile" belong together',
  });
export type SmtpConfig = z.infer<typeof smtpConfig>;
