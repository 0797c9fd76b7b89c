import { readFileSync, statSync } from 'node:fs';
import type { CaughtMessage } from '../flows/target-interface.ts';
import { until } from './until.ts';

/** Where the mail that an emulator's SES took can be read; `skip`: all but the first so many, which are of a stack before. */
export type Mailbox = {
  readonly skip: number;
} /** MiniStack passes each message on by SMTP (`SMTP_HOST`); the test's server writes them into this file, a line of JSON each. */ & (
  | { readonly kind: 'ministack'; readonly file: string }
  /** LocalStack answers them itself. */
  | { readonly kind: 'localstack' }
);

/** Every message that SES took, but for those that the mailbox skips; oldest first. */
export async function readMail(endpoint: string, mailbox: Mailbox): Promise<CaughtMessage[]> {
  const all = await (mailbox.kind === 'localstack' ? readLocalStack(endpoint) : readRelayed(endpoint, mailbox.file));
  return all.slice(mailbox.skip);
}

/** The same mailbox without what is in it now. */
export async function emptied(endpoint: string, mailbox: Mailbox): Promise<Mailbox> {
  return { ...mailbox, skip: (await readMail(endpoint, { ...mailbox, skip: 0 })).length };
}

/** What was read of each file: with every message's attachments in it, it is not read twice. */
const read = new Map<string, { bytes: number; messages: CaughtMessage[] }>();

/** MiniStack answers the sender before the relay has the message: what SES counts may be ahead of what has come. */
async function readRelayed(endpoint: string, file: string): Promise<CaughtMessage[]> {
  const taken = await countTaken(endpoint);
  const known = read.get(file) ?? { bytes: 0, messages: [] };
  read.set(file, known);
  const allCame = async () => {
    if (statSync(file).size > known.bytes) {
      const text = readFileSync(file).subarray(known.bytes);
      const complete = text.subarray(0, text.lastIndexOf('\n') + 1);
      known.bytes += complete.length;
      known.messages.push(...linesOf(complete).map((line): CaughtMessage => JSON.parse(line)));
    }
    return known.messages.length >= taken;
  };
  await until(`MiniStack relayed ${taken} messages`, allCame, 20_000);
  return [...known.messages];
}

const linesOf = (text: Buffer) => text.toString('utf8').split('\n').filter(Boolean);

async function countTaken(endpoint: string): Promise<number> {
  const { messages } = await getJson<{ messages: Record<string, unknown[]> }>(`${endpoint}/_ministack/ses/messages`);
  return Object.values(messages).reduce((sum, { length }) => sum + length, 0);
}

type LocalStackMessage = { Source: string; RawData?: string; Timestamp: string };

async function readLocalStack(endpoint: string): Promise<CaughtMessage[]> {
  const { messages } = await getJson<{ messages: LocalStackMessage[] }>(`${endpoint}/_aws/ses`);
  return messages.map(({ Source, RawData = '', Timestamp }) => ({
    raw: RawData,
    envelope: { from: Source, to: undefined },
    tags: undefined,
    sentAtMs: Date.parse(Timestamp),
  }));
}

async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return (await response.json()) as T;
}
