import { execFileSync } from 'node:child_process';
import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CloudFormationServiceException,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, it } from 'vitest';
import { readConnection, removeConnection, writeConnection } from '../../../lib/local/connection.ts';
import { cli } from './cli.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const cloudFormation = mockClient(CloudFormationClient);

afterEach(() => {
  cloudFormation.reset();
});

/** An error as CloudFormation answers it. */
const refusal = (name: string, message: string) =>
  new CloudFormationServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode: 400 } });

describe('sendoff', () => {
  it('lists its commands and exit codes', async () => {
    const { exitCode, out } = await cli(['--help']);
    expect(exitCode).toBe(0);
    for (const command of ['keys', 'send', 'status', 'dead-letters', 'tail', 'stats', 'doctor', 'forget'])
      expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
    for (const code of [0, 1, 2, 3, 4, 130]) expect(out).toMatch(new RegExp(`^  ${code} +\\S`, 'm'));
  });

  it('loads no AWS client and no CDK to do so', () => {
    const script = `
      import { registerHooks } from 'node:module';
      registerHooks({ resolve(specifier, context, next) {
        if (/^(@aws-sdk|@smithy|aws-cdk-lib|hono|zod)/.test(specifier)) console.log('loaded ' + specifier);
        return next(specifier, context);
      } });
      process.argv = ['node', 'cli.ts', '--help'];
      await import('./bin/cli.ts');`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root, encoding: 'utf8' });
    expect(out).toContain('Usage: sendoff');
    expect(out).not.toContain('loaded');
  });

  it('is executable, as npx needs it', () => {
    expect(statSync(join(root, 'bin', 'cli.ts')).mode & 0o111).toBe(0o111);
  });

  it.each([
    [[], 'Usage: sendoff'],
    [['keyss'], "unknown command 'keyss'"],
    [['keys', 'create'], "missing required argument 'name'"],
    [['keys', 'create', 'x', '--permission', 'all'], 'Allowed choices are full_access, sending_access'],
    [['stats', '--max', '0'], 'It must be a whole number, 1 or more.'],
    [['stats', '--stage', 'a', '--stack', 'b'], '--stack names the whole stack: leave out --stage.'],
  ])('ends with code 2 for %j', async (args, note) => {
    const { exitCode, out, notes } = await cli(args);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(notes).toContain(note);
  });

  it.each([
    [[], 'Sendoff'],
    [['--stage', 'test'], 'Sendoff-test'],
    [['--stack', 'Mail'], 'Mail'],
  ])('looks with %j for the stack %s, and says what to do when it is not there', async (args, StackName) => {
    cloudFormation.on(DescribeStacksCommand, { StackName }).rejects(refusal('ValidationError', 'Stack does not exist'));
    const { exitCode, notes } = await cli(['keys', 'list', '--region', 'eu-west-1', ...args]);
    expect(exitCode).toBe(3);
    expect(notes).toBe(
      `sendoff: No stack ${StackName} in eu-west-1. Deploy it with \`npx cdk deploy\`, or say which one: --stage, --stack, --region, --profile, --local.`,
    );
  });

  it.each([
    [
      'CredentialsProviderError',
      'Could not load credentials from any providers',
      /^sendoff: No AWS credentials \(Could not load.*\)\. Sign in/,
    ],
    [
      'ExpiredTokenException',
      'The security token has expired',
      /^sendoff: The AWS credentials have expired\. Sign in again/,
    ],
    ['AccessDenied', 'User u may not\nDescribeStacks', /^sendoff: AWS denied it: User u may not$/],
    ['InvalidClientTokenId', 'The security token is invalid', /^sendoff: AWS does not know these credentials/],
    ['Throttling', 'Rate exceeded', /^sendoff: Rate exceeded$/],
  ])('says %s in a line', async (name, message, line) => {
    cloudFormation.rejects(refusal(name, message));
    const { exitCode, out, notes } = await cli(['keys', 'list', '--region', 'eu-west-1']);
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
    expect(notes).toMatch(line);
    expect(notes.split('\n')).toHaveLength(1);
  });

  it('shows where an error comes from with --debug alone', async () => {
    cloudFormation.rejects(refusal('Throttling', 'Rate exceeded'));
    expect((await cli(['keys', 'list', '--region', 'x', '--debug'])).notes).toMatch(
      /\n +at .*\nsendoff: Rate exceeded$/s,
    );
  });

  it('says which output a stack lacks', async () => {
    cloudFormation.resolves({
      Stacks: [{ StackName: 'Sendoff', CreationTime: new Date(0), StackStatus: 'CREATE_COMPLETE' }],
    });
    expect(await cli(['keys', 'list', '--region', 'x'])).toMatchObject({
      exitCode: 1,
      notes: expect.stringContaining('has no output TableName'),
    });
  });
});

describe('the connection of sendoff start', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'sendoff-')), 'dir', 'local.json');
  const connection = {
    pid: process.pid,
    apiUrl: 'http://127.0.0.1:1',
    inboxUrl: '',
    awsEndpoint: '',
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    outputs: {},
    logFile: '',
  };

  it('is for this user alone, even over a file that was not', () => {
    writeConnection(file, connection);
    writeFileSync(file, '', { mode: 0o644 });
    writeConnection(file, connection);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readConnection(file)).toEqual(connection);
  });

  it('is removed by the process it belongs to, and by no other', () => {
    writeConnection(file, connection);
    removeConnection(file, process.pid + 1);
    expect(readConnection(file)).toEqual(connection);
    removeConnection(file, process.pid);
    expect(readConnection(file)).toBeUndefined();
  });

  it('is not believed when its process is gone', async () => {
    const { stdout } = { stdout: execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }) };
    writeConnection(file, { ...connection, pid: Number(stdout) });
    expect(await cli(['keys', 'list', '--local'], { env: { SENDOFF_LOCAL_FILE: file } })).toEqual({
      exitCode: 3,
      out: '',
      notes: 'sendoff: No local Sendoff runs here. Start it with `npx sendoff start` in another terminal.',
    });
  });
});
