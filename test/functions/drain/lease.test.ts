import { describe, expect, it, vi } from 'vitest';
import { createLease } from '../../../functions/drain/lease.ts';

const message = { emailId: '1', from: 'a@example.com', destinations: ['b@example.com'], raw: Buffer.of(1), tags: [] };

describe('the lease of a drainer', () => {
  const setUp = () => {
    let nowMs = 10_000;
    const send = vi.fn(async () => 'sent');
    const lease = createLease(() => nowMs);
    const pass = (ms: number) => {
      nowMs += ms;
    };
    return { lease, mailer: lease.guard({ send }), send, pass };
  };

  it('lets emails be sent while it lasts, and after it was extended', async () => {
    const { lease, mailer, pass } = setUp();
    lease.extend(16_000);
    expect(await mailer.send(message)).toBe('sent');
    pass(4_999);
    expect(await mailer.send(message)).toBe('sent');
    pass(1);
    lease.extend(21_000);
    expect(await mailer.send(message)).toBe('sent');
  });

  it.each([
    ['before it began', () => {}, 0],
    ['in its last second', (lease: ReturnType<typeof createLease>) => lease.extend(16_000), 5_000],
    ['after its end', (lease: ReturnType<typeof createLease>) => lease.extend(16_000), 20_000],
    [
      'when it was ended',
      (lease: ReturnType<typeof createLease>) => {
        lease.extend(16_000);
        lease.end();
      },
      0,
    ],
  ] as const)('sends nothing %s, and says that a later try can help', async (_when, prepare, ms) => {
    const { lease, mailer, send, pass } = setUp();
    prepare(lease);
    pass(ms);
    await expect(mailer.send(message)).rejects.toMatchObject({ retryable: true });
    expect(send).not.toHaveBeenCalled();
  });
});
