import { beforeEach, describe, expect, it } from 'vitest';
import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import { SENDING_KEY } from '../../../../functions/core/pacing/sending-state.ts';
import type { LocalCli } from '../cli.ts';

/** `sendoff retry` on a running Sendoff, with either backend. */
export function retrySuite(local: LocalCli): void {
  const sendoff: typeof local.sendoff = (...given) => local.sendoff(...given);
  const record = (id: string) => local.table.get<EmailRecord>(recordKey(id));
  const messages = (to: string) => local.cloud.ses.messages().filter(({ envelope }) => envelope.to.includes(to));

  /** An email that SES took; then its record says that it failed. */
  const failed = async (to: string, detail: string): Promise<string> => {
    const { out: id } = await sendoff(`send --from me@example.com --to ${to} --subject Hi --text Hello`);
    expect((await sendoff(`status ${id} --wait 20`)).exitCode).toBe(0);
    await local.cloud.idle();
    await local.table.update<EmailRecord>(recordKey(id), {
      set: { status: 'failed', attempts: 50 },
      remove: ['messageId'],
      append: { timeline: [{ atMs: Date.now(), event: 'failed', detail }] },
    });
    return id;
  };

  describe('sendoff retry', () => {
    // Other tests leave emails behind.
    beforeEach(async () => {
      const { exitCode } = await sendoff('retry --failed --yes');
      expect(exitCode).toBe(0);
      await local.cloud.idle();
    });

    it('shows failed emails by reason, asks, and sends those of one reason again', async () => {
      const first = await failed('first@example.com', 'Daily quota used up for first@example.com');
      const second = await failed('second@example.com', 'Daily quota used up for second@example.com');
      const other = await failed('other@example.com', 'Address is on a list');

      const all = await sendoff('retry --failed --dry-run');
      expect(all.out).toMatch(/^EMAILS +EXAMPLE +REASON\n/);
      expect(all.out).toMatch(new RegExp(`^ +2 +${first} +Daily quota used up for <address>$`, 'm'));
      expect(all.out).toMatch(new RegExp(`^ +1 +${other} +Address is on a list$`, 'm'));
      expect(all.out).not.toContain('@');

      const args = 'retry --failed --since 1h --reason QUOTA';
      expect(await sendoff(args)).toMatchObject({ exitCode: 2, notes: expect.stringContaining('add --yes') });
      const no = await sendoff(args, { interactive: true, reply: 'n' });
      expect(no).toMatchObject({ exitCode: 1, notes: expect.stringContaining('Send 2 failed emails again? [y/N]') });
      expect((await record(first))?.status).toBe('failed');

      const { exitCode, out } = await sendoff(`${args} --yes --json`);
      expect(exitCode).toBe(0);
      expect(JSON.parse(out)).toEqual({
        failed: 2,
        without_body: 0,
        reasons: [{ reason: 'Daily quota used up for <address>', emails: 2, example: first }],
        retried: 2,
        left: 0,
      });
      for (const id of [first, second]) expect((await sendoff(`status ${id} --wait 30`)).exitCode).toBe(0);
      expect([messages('first@example.com'), messages('second@example.com')].map(({ length }) => length)).toEqual([
        2, 2,
      ]);
      expect((await record(other))?.status).toBe('failed');
      expect((await sendoff(args)).out).toBe('No failed email to retry.');
    });

    it('retries those that are named, says that nothing is sent now, and refuses others', async () => {
      const id = await failed('named@example.com', 'no');
      const held = { readAtMs: Date.now(), ratePerSecond: 14, max24Hours: 200, sent24Hours: 200, held: 'quota' };
      const before = await local.table.get(SENDING_KEY);
      await local.table.delete(SENDING_KEY);
      await local.table.insert({ key: SENDING_KEY, fields: held });
      const asked = await sendoff('retry --failed', { interactive: true, reply: '' });
      await local.table.delete(SENDING_KEY);
      if (before) await local.table.insert({ key: SENDING_KEY, fields: before });
      expect(asked.notes).toContain('Nothing is sent for now, emails wait on the queue.');

      expect(await sendoff(`retry ${id}`)).toMatchObject({ exitCode: 0, out: 'Retried 1 email.' });
      expect((await sendoff(`status ${id} --wait 30`)).exitCode).toBe(0);
      expect(await sendoff(`retry ${id}`)).toMatchObject({
        exitCode: 1,
        notes: expect.stringMatching(/ is (sent|delivered): only a failed email can be retried\.$/),
      });
      expect(await sendoff('retry 00000000-0000-4000-8000-000000000000')).toMatchObject({ exitCode: 3 });
    });

    it('does nothing when it is stopped while it looks', async () => {
      await failed('stopped@example.com', 'no');
      const controller = new AbortController();
      controller.abort();
      const stopped = await sendoff('retry --failed --yes', { interrupt: controller.signal });
      expect(stopped).toMatchObject({ exitCode: 130, notes: 'sendoff: Stopped before anything was done.' });
    });
  });
}
