import { readFileSync, statSync } from 'node:fs';
import type { CaughtMessage } from '../flows/target-interface.ts';
import { until } from './until.ts';

/** Where the messages that an emulator's SES accepted can be read. */
export type Mailbox = {
  /** The number of messages, of stacks before this one, to skip. */
  readonly skip: number;
} & (
  | {
      readonly kind: 'ministack';
      /** MiniStack relays each message by SMTP (`SMTP_HOST`); the test's mail server writes it into this file, a line of JSON each. */
      readonly file: string;
    }
  /** LocalStack has an endpoint that returns the messages. */
  | { readonly kind: 'localstack' }
);

/** Every message that SES accepted, without those that the mailbox skips; oldest first. */
export async function readMail(endpoint: string, mailbox: Mailbox): Promise<CaughtMessage[]> {
  const all = await (mailbox.kind === 'localstack' ? readLocalStack(endpoint) : readRelayed(endpoint, mailbox.file));
  return all.slice(mailbox.skip);
}

/** The same mailbox without the messages that are in it now. */
export async function emptied(endpoint: string, mailbox: Mailbox): Promise<Mailbox> {
  return { ...mailbox, skip: (await readMail(endpoint, { ...mailbox, skip: 0 })).length };
}

/** The part of each file that is read already: with attachments the files are too large to read again. */
const read = new Map<string, { bytes: number; messages: CaughtMessage[] }>();

/** MiniStack answers the sender before it relays the message, so SES's count may be ahead of the file. */
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
