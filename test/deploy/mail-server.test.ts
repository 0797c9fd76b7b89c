import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import nodemailer from 'nodemailer';
import { expect, it, onTestFinished } from 'vitest';
import { startMailServer } from './mail-server.ts';

it('stores messages unchanged, with their envelopes', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mail-'));
  const file = join(directory, 'mail.jsonl');
  const server = await startMailServer(file, 0);
  onTestFinished(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });
  const transport = nodemailer.createTransport({ host: '127.0.0.1', port: server.port, ignoreTLS: true });
  const raw = 'Subject: Dots\r\n\r\nfirst\r\n.\r\n..two\r\nlast\r\n';
  await transport.sendMail({ envelope: { from: 'me@example.com', to: ['a@example.org', 'b@example.org'] }, raw });
  await transport.sendMail({
    envelope: { from: 'you@example.com', to: 'c@example.org' },
    raw: 'Subject: Second\r\n\r\nx',
  });
  const kept = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(kept).toEqual([
    expect.objectContaining({ envelope: { from: 'me@example.com', to: ['a@example.org', 'b@example.org'] } }),
    expect.objectContaining({ envelope: { from: 'you@example.com', to: ['c@example.org'] } }),
  ]);
  expect(kept[0].raw.trimEnd()).toBe(raw.trimEnd());
});
