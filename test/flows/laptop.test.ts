import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { running } from './running.ts';

/** The status of the answer to a request with this Host header. */
const statusOf = (url: string, host: string, headers: Record<string, string> = {}) =>
  new Promise<number | undefined>((resolve, reject) => {
    const outgoing = request(url, { headers: { ...headers, host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    outgoing.on('error', reject).end();
  });

describe('on a laptop', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sendoff-data-'));
  const dataDirectory = join(folder, 'data');
  mkdirSync(dataDirectory);
  // As with a umask of 022, whatever the umask is here.
  chmodSync(dataDirectory, 0o755);
  const sendoff = running({ dataDirectory, hosts: ['host.docker.internal'] });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('the API, the inbox and the AWS front refuse a request for another host, as by DNS rebinding', async () => {
    const { apiUrl, inboxUrl, awsEndpoint, credentials } = sendoff.cloud;
    const { port } = new URL(apiUrl);
    const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/20260101/us-east-1/dynamodb/aws4_request`;
    const aws = { authorization, 'x-amz-target': 'DynamoDB_20120810.ListTables' };
    for (const host of ['evil.example', `evil.example:${port}`, `localhost.evil.example:${port}`]) {
      expect(await statusOf(`${apiUrl}/health`, host)).toBe(403);
      expect(await statusOf(`${inboxUrl}/messages`, host)).toBe(403);
      expect(await statusOf(`${apiUrl}/console/inbox/messages`, host)).toBe(403);
      expect(await statusOf(awsEndpoint, host, aws)).toBe(403);
    }
  });

  it('they answer requests for the names of this machine, and those that --host allows', async () => {
    const { apiUrl, inboxUrl } = sendoff.cloud;
    const { port } = new URL(apiUrl);
    for (const host of ['localhost', '127.0.0.1', '[::1]', 'host.docker.internal']) {
      expect(await statusOf(`${apiUrl}/health`, `${host}:${port}`)).toBe(200);
      expect(await statusOf(`${inboxUrl}/messages`, host)).toBe(200);
      expect(await statusOf(`${apiUrl}/console/inbox/messages`, `${host}:${port}`)).toBe(200);
    }
  });

  it('the data directory and the file with the key are closed to other users, even if the directory was open', () => {
    expect(statSync(dataDirectory).mode & 0o777).toBe(0o700);
    expect(statSync(join(dataDirectory, 'api-key')).mode & 0o777).toBe(0o600);
  });
});
