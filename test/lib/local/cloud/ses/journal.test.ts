import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SendRawEmailCommand } from '@aws-sdk/client-ses';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Journal, openJournal } from '../../../../../lib/local/cloud/ses/journal.ts';
import type { SesMessage } from '../../../../../lib/local/cloud/ses/message.ts';
import { rawMessage, startSes } from './ses-server.ts';

const message = (messageId: string): SesMessage => ({
  messageId,
  envelope: { from: 'a@example.com', to: ['b@example.net'] },
  tags: { a: 'b' },
  raw: 'Subject: x\r\n\r\n\x80\xff\u0000"\n',
  sentAtMs: 1,
});

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ses-journal-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

const unexpected = (line: string): never => {
  throw new Error(line);
};
const keptIds = ({ kept }: Journal) => kept.map(({ messageId }) => messageId);

describe('journal', () => {
  it('has after a restart exactly the appended messages, in order', async () => {
    const directory = join(await temporaryDirectory(), 'not', 'there', 'yet');
    const journal = await openJournal(directory, 100, unexpected);
    const messages = Array.from({ length: 50 }, (_, n) => message(`m${n}`));
    await Promise.all(messages.map(journal.append));
    await journal.close();
    const again = await openJournal(directory, 100, unexpected);
    await again.close();
    expect(again.kept).toEqual(messages);
  });

  it('shows messages of an earlier run in the inbox, after a crash too', async () => {
    const dataDirectory = await temporaryDirectory();
    const first = await startSes({ dataDirectory });
    const { MessageId } = await first.client.send(new SendRawEmailCommand({ RawMessage: { Data: rawMessage() } }));
    const second = await startSes({ dataDirectory });
    expect(second.ses.messages()).toEqual([expect.objectContaining({ messageId: MessageId })]);
    expect(second.ses.sentCount).toBe(0);
    await second.ses.clear();
    const third = await startSes({ dataDirectory });
    expect(third.ses.messages()).toEqual([]);
  });

  it('keeps messages appended after a clear, and none from before', async () => {
    const directory = await temporaryDirectory();
    const journal = await openJournal(directory, 100, unexpected);
    await Promise.all([journal.append(message('before')), journal.clear(), journal.append(message('after'))]);
    await journal.close();
    const again = await openJournal(directory, 100, unexpected);
    await again.close();
    expect(keptIds(again)).toEqual(['after']);
  });

  it('leaves out the half line of a crash, logs it, and loses nothing that follows', async () => {
    const directory = await temporaryDirectory();
    const journal = await openJournal(directory, 100, unexpected);
    await journal.append(message('whole'));
    await journal.close();
    await appendFile(join(directory, 'messages.ndjson'), '{"messageId":"ha');
    const lines: string[] = [];
    const after = await openJournal(directory, 100, (line) => void lines.push(line));
    expect(keptIds(after)).toEqual(['whole']);
    await after.append(message('next'));
    await after.close();
    const again = await openJournal(directory, 100, (line) => void lines.push(line));
    await again.close();
    expect(keptIds(again)).toEqual(['whole', 'next']);
    expect(lines[0]).toContain('is not a message and is left out');
  });

  it('holds the newest messages and does not grow without end', async () => {
    const directory = await temporaryDirectory();
    const journal = await openJournal(directory, 10, unexpected);
    for (let n = 0; n < 35; n++) await journal.append(message(`m${n}`));
    await journal.close();
    const again = await openJournal(directory, 10, unexpected);
    await again.close();
    expect(keptIds(again)).toEqual(Array.from({ length: 10 }, (_, n) => `m${n + 25}`));
    const files = ['messages.ndjson', 'messages.previous.ndjson'];
    const lines = await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8')));
    expect(lines.join('').trim().split('\n')).toHaveLength(15);
  });
});
