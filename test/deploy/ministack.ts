import { createServer } from 'node:net';
import { pythonWith } from '../helpers/python-packages.ts';
import { start, stop } from './child-process.ts';
import { isolatedEnvironment } from './emulator-endpoint.ts';
import { until } from './until.ts';

/** Pinned, because each release of the emulator has other gaps, which this test works around. */
const VERSION = '1.5.33';

export interface MiniStack {
  /** Its output so far. */
  output(): string;
  stop(): Promise<void>;
}

/** Installs MiniStack once, and returns the path of the Python that has it. */
export const installMiniStack = (): Promise<string> => pythonWith(`ministack-${VERSION}`, [`ministack==${VERSION}`]);

/** Starts MiniStack on a port of loopback; its SES relays every message to a mail server on this machine. */
export async function startMiniStack(
  python: string,
  options: { port: number; smtpPort: number; scratchDirectory: string },
): Promise<MiniStack> {
  const { port, smtpPort, scratchDirectory } = options;
  const endpoint = `http://127.0.0.1:${port}`;
  const { child, output } = start(python, ['-m', 'ministack'], {
    cwd: scratchDirectory,
    env: {
      ...isolatedEnvironment(endpoint, scratchDirectory),
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      SMTP_HOST: `127.0.0.1:${smtpPort}`,
    },
  });
  const isUp = async () => {
    if (child.exitCode !== null) throw new Error(`MiniStack ended:\n${output()}`);
    // A new connection for each request: fetch would not retry on one that was refused during the start.
    const headers = { connection: 'close' };
    return fetch(`${endpoint}/_ministack/health`, { headers }).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  try {
    await until('MiniStack answers', isUp, 30_000);
  } catch (error) {
    await stop(child);
    throw error;
  }
  return { output, stop: () => stop(child) };
}

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
