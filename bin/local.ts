#!/usr/bin/env node
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatEvent } from '../lib/local/cloud/log.ts';
import { connectionFile, connectionOf, removeConnection, writeConnection } from '../lib/local/connection.ts';
import { openLogFile } from '../lib/local/log-file.ts';
import { startLocalSendoff } from '../lib/local/start.ts';

const HELP = `Runs the whole of Sendoff on this machine: the stack's own template on a local cloud.

  npm start -- [options]

  --port N            port of the API (default 4000; 0: any free one)
  --json              print one line {"url","apiKey","inbox"} when ready, and nothing else on stdout
  --host NAME         also answer requests for this name, e.g. host.docker.internal (default: localhost, 127.0.0.1, [::1]);
                      may be repeated
  --data DIR          keep queues, documents and mail in DIR across restarts (default: in memory); only you may read DIR
  --backend NAME      aws (default), or redis: on a redis-server of its own, on that of REDIS_URL, or on the Upstash
                      database of UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN
  -c name=value       a deployment option, as for cdk deploy; may be repeated
  --ses-rate N        throttle SES at N recipients a second
  --ses-latency MS    let SES take this long to answer
  --verified A,B      let SES refuse senders other than these addresses and domains
  --relay HOST:PORT   pass every mail on to this SMTP server too
  --verbose           show how each resource of the template is made, too
  --help              this text
`;

/** What happens once, at start; of interest only to who works on the stack. */
const SET_UP = { created: true, 'no-local-behaviour': true };

const { values: flags } = parseArgs({
  options: {
    port: { type: 'string', default: '4000' },
    json: { type: 'boolean', default: false },
    host: { type: 'string', multiple: true, default: [] },
    data: { type: 'string' },
    backend: { type: 'string' },
    config: { type: 'string', short: 'c', multiple: true, default: [] },
    'ses-rate': { type: 'string' },
    'ses-latency': { type: 'string' },
    verified: { type: 'string' },
    relay: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (flags.help) {
  process.stdout.write(HELP);
} else {
  await main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}

async function main(): Promise<void> {
  const startedAtMs = Date.now();
  const file = connectionFile();
  const logFile = join(dirname(file), 'local.log');
  const log = openLogFile(logFile);
  const started = await startLocalSendoff({
    config: { ...optional('backend', flags.backend), ...Object.fromEntries(flags.config.map(splitOption)) },
    port: number('port', flags.port) ?? 0,
    hosts: flags.host,
    ...(flags.data === undefined ? {} : { dataDirectory: flags.data }),
    ses: {
      ...optional('sendRatePerSecond', number('ses-rate', flags['ses-rate'])),
      ...optional('latencyMs', number('ses-latency', flags['ses-latency'])),
      ...optional('verifiedIdentities', flags.verified?.split(',')),
      ...optional('relay', flags.relay === undefined ? undefined : hostAndPort(flags.relay)),
    },
    log: (event) => {
      log.write(event);
      if (flags.verbose || !(event.kind in SET_UP)) process.stderr.write(`${formatEvent(event)}\n`);
    },
  });

  const { cloud, apiKey } = started;
  // What `sendoff --local` finds this cloud by.
  writeConnection(file, connectionOf(started, logFile));

  const stop = async () => {
    removeConnection(file, process.pid);
    await cloud.close();
    await log.close();
    process.exit(0);
  };
  process.once('SIGINT', () => void stop());
  process.once('SIGTERM', () => void stop());

  const ready = { url: cloud.apiUrl, apiKey, inbox: cloud.inboxUrl };
  process.stdout.write(flags.json ? `${JSON.stringify(ready)}\n` : greeting(ready, Date.now() - startedAtMs));
}

function greeting({ url, apiKey, inbox }: { url: string; apiKey: string; inbox: string }, tookMs: number): string {
  return `
Sendoff is running (ready in ${(tookMs / 1000).toFixed(1)} s). Ctrl-C stops it.

  API        ${url}
  API key    ${apiKey}
  Inbox      ${inbox}

Send an email:

  curl ${url}/emails -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' \\
    -d '{"from":"Me <me@example.com>","to":"you@example.com","subject":"Hello","html":"<p>Sent off.</p>"}'

`;
}

function number(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new Error(`--${name} must be a number of 0 or more, not ${JSON.stringify(text)}`);
  return value;
}

function splitOption(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`-c takes name=value, not ${JSON.stringify(text)}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function hostAndPort(text: string): { host: string; port: number } {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (!host || !port) throw new Error(`--relay takes HOST:PORT, not ${JSON.stringify(text)}`);
  return { host, port: Number(port) };
}

function optional<Name extends string, T>(name: Name, value: T | undefined): { [K in Name]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [K in Name]?: T });
}
