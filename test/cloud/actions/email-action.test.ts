import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { expect, onTestFinished, test } from 'vitest';
import { EmailAction, parseAddress } from '../../../cloud/actions/email-action.js';
import { buildClickEvent } from '../../../cloud/actions/event.js';
import { emailFunctionConfig, smtpConfig } from '../../../cloud/actions/function-config.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

interface Mail {
  readonly from: string;
  readonly to: string[];
  readonly text: string;
}

async function mailServer(
  options: SMTPServerOptions = {},
): Promise<{ port: number; mails: Mail[]; server: SMTPServer }> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      let text = '';
      stream.setEncoding('utf8');
      stream.on('data', (part: string) => (text += part));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({ from: mailFrom ? mailFrom.address : '', to: rcptTo.map((one) => one.address), text });
        done();
      });
    },
    ...options,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)));
  return { port: (server.server.address() as AddressInfo).port, mails, server };
}

const template = {
  kind: 'email',
  to: 'Caretaker <care@example.org>, {{Deputy}}',
  subject: 'Pressed in {{Building}}',
  text: 'Somebody pressed ({{clickType}}).\n\n{{*}}\n',
};

async function open(port: number, settings: object = {}, smtp: object = {}): Promise<EmailAction> {
  const action = await EmailAction.open(
    emailFunctionConfig.parse({ ...template, ...settings }),
    smtpConfig.parse({ host: '127.0.0.1', port, from: 'Door <door@example.org>', ...smtp }),
  );
  onTestFinished(() => action.close());
  return action;
}

function invocation(attributes: Record<string, string>) {
  const event = buildClickEvent({
    thing: 'door-1',
    type: 'button',
    clickType: 'SINGLE',
    receivedMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    remainingLife: 100,
    placement: { projectName: 'P', placementName: 'Q', deviceTemplateName: 'T', attributes, devices: {} },
    region: 'us-west-2',
  });
  return { runId: 'run-0001', attempt: 1, event: JSON.stringify(event) };
}

const good = { Building: 'Main', Deputy: 'dep@example.org', floor: '2' };

test('a mail arrives with its attributes, and its id follows from the run', async () => {
  const { port, mails } = await mailServer();
  const outcome = await (await open(port)).invoke(invocation(good));
  expect(outcome).toMatchObject({ ok: true });
  expect(outcome.log).toMatch(/Sent to care@example.org, dep@example.org/);
  const [mail] = mails;
  expect(mail?.from).toBe('door@example.org');
  expect(mail?.to).toEqual(['care@example.org', 'dep@example.org']);
  expect(mail?.text).toMatch(/^Message-ID: <run-0001@example\.org>\r$/m);
  expect(mail?.text).toMatch(/^Subject: Pressed in Main\r$/m);
  expect(mail?.text).toContain('Building: Main\r\nDeputy: dep@example.org\r\nfloor: 2');
});

test('a missing attribute fails the run, is named, and nothing is sent', async () => {
  const { port, mails } = await mailServer();
  const outcome = await (await open(port)).invoke(invocation({ Deputy: 'dep@example.org' }));
  expect(outcome).toMatchObject({
    ok: false,
    error: {
      code: 'MISSING_ATTRIBUTE',
      retryable: false,
      message: 'The placement has no attribute "Building".',
    },
  });
  expect(mails).toEqual([]);
});

test('an attribute cannot add a header', async () => {
  const { port, mails } = await mailServer();
  const attributes = { ...good, Building: 'Main\r\nBcc: spy@example.org\r\n\r\nhidden' };
  expect(await (await open(port)).invoke(invocation(attributes))).toMatchObject({ ok: true });
  const head = mails[0]?.text.split('\r\n\r\n')[0] ?? '';
  expect(head).not.toMatch(/^Bcc:/im);
  expect(head).toMatch(/^Subject: Pressed in Main Bcc: spy@example\.org hidden\r?$/m);
  expect(mails[0]?.to).toEqual(['care@example.org', 'dep@example.org']);
});

test.each([
  'a@example.org, spy@example.org',
  'a@example.org\r\nBcc: spy@example.org',
  'a@example.org; spy@example.org',
  '<a@example.org> <spy@example.org>',
  'group: a@example.org;',
  'nobody',
  '',
])('an attribute cannot add a recipient: %j', async (Deputy) => {
  const { port, mails } = await mailServer();
  const outcome = await (await open(port)).invoke(invocation({ ...good, Deputy }));
  expect(outcome.ok).toBe(false);
  expect(mails).toEqual([]);
});

test('a temporary refusal may be tried again, a final one may not', async () => {
  const refuse = (responseCode: number) =>
    mailServer({
      onRcptTo: (_address, _session, done) => done(Object.assign(new Error('not now'), { responseCode })),
    });
  const later = await (await open((await refuse(451)).port)).invoke(invocation(good));
  expect(later).toMatchObject({ ok: false, error: { code: 'MAIL_DELAYED', retryable: true } });
  const never = await (await open((await refuse(550)).port)).invoke(invocation(good));
  expect(never).toMatchObject({ ok: false, error: { code: 'MAIL_REFUSED', retryable: false } });
});

test('a server that is not there may be tried again', async () => {
  const { port, server } = await mailServer();
  await new Promise<void>((resolve) => server.close(resolve));
  const outcome = await (await open(port)).invoke(invocation(good));
  expect(outcome).toMatchObject({ ok: false, error: { code: 'MAIL_DELAYED', retryable: true } });
});

test('the password comes from its file and is sent to the server only', async () => {
  const folder = await temporaryFolder();
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, 'open sesame\n');
  const seen: string[] = [];
  const { port, mails } = await mailServer({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, done) {
      seen.push(`${username}/${password}`);
      done(null, password === 'open sesame' ? { user: 1 } : undefined);
    },
  });
  const action = await open(port, {}, { user: 'door', passwordFile, requireTls: false });
  const outcome = await action.invoke(invocation(good));
  expect(outcome).toMatchObject({ ok: true });
  expect(outcome.log).not.toContain('sesame');
  expect(seen).toEqual(['door/open sesame']);
  expect(mails).toHaveLength(1);
});

test('with a user, nothing is sent without TLS unless that is allowed', async () => {
  const folder = await temporaryFolder();
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, 'open sesame');
  const seen: unknown[] = [];
  const { port } = await mailServer({
    allowInsecureAuth: true,
    onAuth(auth, _session, done) {
      seen.push(auth);
      done(null, { user: 1 });
    },
  });
  const outcome = await (await open(port, {}, { user: 'door', passwordFile })).invoke(invocation(good));
  expect(outcome.ok).toBe(false);
  expect(seen).toEqual([]);
});

test('addresses are read with and without a name', () => {
  expect(parseAddress(' a@b.example ')).toEqual({ name: '', address: 'a@b.example' });
  expect(parseAddress('"A B" <a@b.example>')).toEqual({ name: 'A B', address: 'a@b.example' });
});
