/** What the configuration says about each function, and about the mail server that some use. */
import { z } from 'zod';
import { functionNamePattern } from './arn.js';

export const nodeFunctionConfig = z.strictObject({
  kind: z.literal('node').describe('A handler as AWS Lambda runs it on Node.'),
  handler: z
    .string()
    .min(1)
    .describe('File that exports "handler" (async (event, context) => ...); ES module or CommonJS.'),
  timeoutMs: z.int().min(100).max(900_000).default(3_000).describe('A run is killed after that long.'),
  memoryMb: z.int().min(32).max(10_240).default(128).describe('Heap limit of a handler process, in MB.'),
  concurrency: z.int().min(1).max(64).default(4).describe('Events handled at the same time.'),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string())
    .default({})
    .describe('Environment variables for the handler.'),
});
export type NodeFunctionConfig = z.infer<typeof nodeFunctionConfig>;

const templateHelp =
  '{{Name}} is a placement attribute, {{*}} all of them, {{clickType}} {{deviceId}} {{time}} the click.';

export const emailFunctionConfig = z.strictObject({
  kind: z.literal('email').describe('Sends an e-mail through the server under "smtp".'),
  to: z.string().min(1).describe(`Recipients, separated by commas. ${templateHelp}`),
  subject: z.string().min(1).max(500).describe(`Subject. ${templateHelp}`),
  text: z.string().min(1).max(20_000).describe(`Plain text. ${templateHelp}`),
  concurrency: z.int().min(1).max(16).default(4).describe('Messages sent at the same time.'),
});
export type EmailFunctionConfig = z.infer<typeof emailFunctionConfig>;

export const functionsConfig = z.record(
  z.string().regex(functionNamePattern, 'letters, digits, - and _ only, 1 to 64 of them'),
  z.discriminatedUnion('kind', [nodeFunctionConfig, emailFunctionConfig]),
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
