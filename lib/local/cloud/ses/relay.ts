import type { SesMessage } from './message.ts';
import type { RelayTarget } from './ses-options.ts';

/** Passes accepted mail on to an SMTP server. */
export type Relay = { pass(message: SesMessage): void; close(): Promise<void> };

const CONNECT_TIMEOUT_MS = 5_000;

/** Opens a relay; nodemailer is loaded only here. A mail that cannot be passed on is logged by its id and dropped. */
export async function createRelay({ host, port }: RelayTarget, log: (line: string) => void): Promise<Relay> {
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host,
    port,
    pool: true,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    // A mail catcher on a laptop has a self-signed certificate, if any.
    tls: { rejectUnauthorized: false },
  });
  const pending = new Set<Promise<unknown>>();
  return {
    pass: ({ messageId, envelope, raw }) => {
      const passed = transport
        .sendMail({ envelope, raw: Buffer.from(raw, 'latin1') })
        .catch((cause: unknown) => log(`local SES: ${messageId} was not relayed to ${host}:${port}: ${cause}`))
        .finally(() => pending.delete(passed));
      pending.add(passed);
    },
    close: async () => {
      await Promise.allSettled(pending);
      transport.close();
    },
  };
}
