import { spawn } from 'node:child_process';
import { type LocalSendoff, startLocalSendoff } from '../../../lib/local/start.ts';
import { startSynchronousSender } from '../../../lib/local/synchronous-sender.ts';
import { write } from '../write.ts';
import { LATENCY, startDemoApp } from './app.ts';
import { createCallHistory } from './steps.ts';

/** Emails of each kind before the page is shown: the times shown are of a service that is in use, not of cold starts. */
const WARM_UP = 3;

/** Prints the link of the page, opens it if there is a desktop, and serves it until Ctrl-C. */
export async function demonstrateInBrowser(): Promise<void> {
  write('Starting the local cloud …');
  const { url, close } = await startBrowserDemo();
  write(
    `\nOpen ${url}\n\nIt has two buttons. Compare the time from the click to the painted answer. Ctrl-C ends the demo.`,
  );
  openPage(url);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await close();
}

/** Starts Sendoff on the local cloud, a sender inside the request, and the page that compares them. */
export async function startBrowserDemo(): Promise<{ url: string; close(): Promise<void> }> {
  const history = createCallHistory();
  const local = await startLocalSendoff({ ses: { latencyMs: LATENCY.usual }, onCall: history.onCall });
  const sender = await startSynchronousSender(local.cloud);
  const app = await startDemoApp({ local, synchronousUrl: sender.url, history });
  await warmUp(app.url, local);
  const close = async () => {
    await app.close();
    await sender.close();
    await local.cloud.close();
  };
  return { url: app.url, close };
}

async function warmUp(url: string, { cloud }: LocalSendoff): Promise<void> {
  for (let count = 0; count < WARM_UP; count++)
    for (const way of ['inside', 'sendoff']) {
      await (await fetch(`${url}send/${way}`, { method: 'POST' })).text();
      await cloud.idle();
    }
}

/** Does nothing without a desktop: the link is printed anyway. */
function openPage(url: string): void {
  const { platform, env } = process;
  if (platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) return;
  const [command, ...args] =
    platform === 'darwin' ? ['open'] : platform === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open'];
  const child = spawn(command ?? '', [...args, url], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}
