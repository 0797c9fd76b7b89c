/**
 * `npm run test:package`: packs what would be published, installs the tarball in empty folders outside the repository,
 * and uses it there as its users do. Needs the npm registry. Ends with "N passed, N failed".
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Resend } from 'resend';
import { findRedisServer } from '../../lib/local/cloud/upstash/redis-server.ts';
import { packageJson } from '../../lib/package-root.ts';
import { synthesize } from '../../lib/synth.ts';
import { environment, type Ready, run, succeed, whileStarted } from './consumer.ts';

const root = join(import.meta.dirname, '..', '..');
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'sendoff-package-')));
const env = environment(join(scratch, 'home'));
const { version, devDependencies, peerDependencies } = packageJson();
const pinned = (...names: string[]) => names.map((name) => `${name}@${devDependencies[name]}`);
const startedAtMs = Date.now();
let passed = 0;
const failures: string[] = [];

async function step(name: string, work: () => Promise<string | undefined>): Promise<void> {
  const beganAtMs = Date.now();
  try {
    const found = await work();
    passed += 1;
    console.info(`passed  ${name}  (${((Date.now() - beganAtMs) / 1000).toFixed(1)} s)${found ? `: ${found}` : ''}`);
  } catch (error) {
    failures.push(name);
    console.info(`FAILED  ${name}\n${error instanceof Error ? error.message : error}`);
  }
}

function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

const tarball = join(scratch, `sendoff-${version}.tgz`);
const folder = (name: string) => join(scratch, name);
const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(0)} kB`;

/** A folder with an app of test/package/apps or docs/examples, in which the tarball and packages of the registry are installed. */
async function install(name: string, packages: readonly string[]): Promise<string> {
  const cwd = folder(name);
  const app = [join(import.meta.dirname, 'apps', name), join(root, 'docs', 'examples', name)].find(existsSync);
  if (app) cpSync(app, cwd, { recursive: true });
  const manifest = join(cwd, 'package.json');
  if (!existsSync(manifest)) writeFileSync(manifest, JSON.stringify({ name: 'app', private: true, type: 'module' }));
  await succeed(['npm', 'install', '--no-audit', '--no-fund', tarball, ...packages], cwd, env);
  const installed = realpathSync(join(cwd, 'node_modules', 'sendoff'));
  assert(installed.startsWith(cwd), `sendoff is not installed in ${cwd} but in ${installed}`);
  return cwd;
}

function sizeOf(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/** The subjects in the local inbox, once there are so many messages. */
async function inbox({ inbox: url }: Ready, count: number): Promise<string[]> {
  assert((await (await fetch(url)).text()).includes('<html'), 'The inbox has no page');
  for (let attempt = 0; attempt < 100; attempt++) {
    const messages = (await (await fetch(`${url}/messages`)).json()) as { raw: string }[];
    if (messages.length >= count) return messages.map(({ raw }) => /^Subject: (.*?)\r?$/m.exec(raw)?.[1] ?? '');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`The inbox has not got ${count} messages within 20 s`);
}

async function sendOne({ url, apiKey }: Ready, subject: string): Promise<void> {
  const email = { from: 'Shop <shop@example.com>', to: 'you@example.com', subject, text: 'Sent off.' };
  const { data, error } = await new Resend(apiKey, { baseUrl: url }).emails.send(email);
  assert(data !== null, `resend: ${error?.message}`);
}

/** The page of the console, its script, and a session for the key in its address. */
async function openConsole({ console: address }: Ready): Promise<void> {
  const [page = '', key] = address.split('#key=');
  const html = await (await fetch(page)).text();
  const script = await fetch(new URL(/src="([^"]+)"/.exec(html)?.[1] ?? 'none', page));
  assert(
    /^(br|gzip)$/.test(script.headers.get('content-encoding') ?? ''),
    `the console's script: ${script.status} ${html}`,
  );
  const session = await fetch(`${page}/session`, { method: 'POST', body: JSON.stringify({ key }) });
  assert(session.status === 201, `a session of the console: ${session.status} ${await session.text()}`);
}

/** The commands that look at what runs on this machine. */
async function operate(cwd: string): Promise<void> {
  const keys = await succeed(['npx', '--no-install', 'sendoff', 'keys', 'list', '--local', '--json'], cwd, env);
  assert(JSON.parse(keys)[0]?.name === 'local', `keys list --local: ${keys}`);
  const doctor = await run(['npx', '--no-install', 'sendoff', 'doctor', '--local'], cwd, env);
  assert(doctor.exitCode === 0, `doctor --local ended with ${doctor.exitCode}:\n${doctor.out}${doctor.err}`);
}

/** The asset of every function in a cloud assembly. */
function assetsIn(template: unknown): string[] {
  return [...JSON.stringify(template).matchAll(/"S3Key":"([0-9a-f]{64})\.zip"/g)].map(([, hash = '']) => hash).sort();
}

console.info(`Node ${process.version} of the checkout, in ${scratch}\n`);
mkdirSync(folder('home'));

await step(
  'npm publish --dry-run has nothing to warn of, and publishes dist/, README, LICENSE and CHANGELOG',
  async () => {
    const { exitCode, out, err } = await run(
      ['npm', 'publish', '--dry-run', '--json', '--ignore-scripts=false'],
      root,
      env,
    );
    assert(exitCode === 0, err);
    const warnings = err
      .split('\n')
      .filter((line) => /warn/i.test(line) && !/requires you to be logged in|Unknown .* config/.test(line));
    assert(warnings.length === 0, warnings.join('\n'));
    const [published] = Object.values(JSON.parse(out.slice(out.indexOf('{'))) as object) as [
      { files?: { path: string }[] },
    ];
    const files = (published?.files ?? JSON.parse(out.slice(out.indexOf('{'))).files) as { path: string }[];
    const strangers = files
      .map(({ path }) => path)
      .filter((path) => !/^(dist\/|(package\.json|README\.md|LICENSE|CHANGELOG\.md)$)/.test(path));
    assert(strangers.length === 0 && files.length > 4, `published: ${strangers.join(', ')}`);
    return `${files.length} files`;
  },
);

await step('npm pack', async () => {
  await succeed(['npm', 'pack', '--pack-destination', scratch], root, env);
  return `${basename(tarball)} is ${kilobytes(statSync(tarball).size)}`;
});

await step('what is installed with it', async () => {
  mkdirSync(folder('alone'));
  const cwd = await install('alone', ['--omit=peer']);
  // It ends with 1: the peers are missing.
  const { out } = await run(['npm', 'ls', '--all', '--parseable'], cwd, env);
  const packages = out.split('\n').filter((line) => line.includes('node_modules'));
  return `${packages.length} packages, ${(sizeOf(join(cwd, 'node_modules')) / 1e6).toFixed(0)} MB, without aws-cdk-lib and constructs`;
});

await step('a JavaScript app is installed', async () => {
  const cwd = await install('javascript', pinned('aws-cdk-lib', 'constructs', 'aws-cdk', 'esbuild'));
  const required = await succeed(['node', '-p', "typeof require('sendoff').Sendoff"], cwd, env);
  assert(required.trim() === 'function', `require('sendoff').Sendoff is ${required}`);
  return undefined;
});

await step('its stack is the same after two syntheses', async () => {
  const cwd = folder('javascript');
  const synthesis = async (output: string) => {
    await succeed(['npx', '--no-install', 'cdk', 'synth', '--quiet', '--output', output], cwd, env);
    return readFileSync(join(cwd, output, 'Shop.template.json'), 'utf8');
  };
  assert((await synthesis('first')) === (await synthesis('second')), 'The templates differ');
  return undefined;
});

await step('it starts, on backend=aws; its own function accepts an email', () => shop([]));
if (findRedisServer()) await step('it starts, on backend=redis', () => shop(['-c', 'mailBackend=redis']));
else console.info('backend=redis is left out: there is no redis-server');

/** Everything of the JavaScript app: its API, its function, its table, and Sendoff. */
async function shop(args: readonly string[]): Promise<string> {
  const cwd = folder('javascript');
  return whileStarted(args, cwd, env, async (ready, log) => {
    await sendOne(ready, 'By resend');
    const response = await fetch(`${ready.outputs?.ShopUrl}/sign-up`, {
      method: 'POST',
      body: JSON.stringify({ email: 'new@example.com' }),
    });
    assert(response.status === 200, `sign-up: ${response.status} ${await response.text()}\n${log().slice(-2000)}`);
    const subjects = await inbox(ready, 2);
    assert(subjects.sort().join() === 'By resend,Welcome', `The inbox has: ${subjects.join()}`);
    await openConsole(ready);
    await operate(cwd);
    return `in the inbox: ${subjects.join(', ')}`;
  });
}

await step('a type that is not known is refused by its name, and left out with --skip-unknown', async () => {
  const cwd = folder('javascript');
  const refused = await run(['npx', '--no-install', 'sendoff', 'start', '--port', '0', '-c', 'unknown=true'], cwd, env);
  assert(
    refused.exitCode === 1 && /AWS::StepFunctions::StateMachine \(Flow\).*--skip-unknown/s.test(refused.err),
    refused.err,
  );
  return whileStarted(['-c', 'unknown=true', '--skip-unknown'], cwd, env, async (_ready, log) => {
    const [said] = /skipped AWS::StepFunctions::StateMachine.*/.exec(log()) ?? [];
    assert(said !== undefined, log());
    return said;
  });
});

await step('without an AWS account `keys list` says what is missing', async () => {
  const { exitCode, err } = await run(['npx', '--no-install', 'sendoff', 'keys', 'list'], folder('javascript'), {
    ...env,
    AWS_REGION: 'eu-central-1',
  });
  assert(exitCode === 1 && /^sendoff: No AWS credentials/m.test(err), `${exitCode}: ${err}`);
  return err.trim();
});

await step(
  'a strict TypeScript app compiles, all declarations checked, and synthesizes, with the oldest CDK allowed',
  async () => {
    const oldest = Object.entries(peerDependencies).map(([name, range]) => `${name}@${range.replace(/^(\^|>=)/, '')}`);
    const cwd = await install('typescript', [...oldest, ...pinned('typescript', '@types/node')]);
    const { exitCode, out } = await run(['npx', '--no-install', 'tsc', '--pretty', 'false'], cwd, env);
    const errors = out.split('\n').filter((line) => /error TS/.test(line));
    const ours = errors.filter((line) => !line.startsWith('node_modules/') || line.startsWith('node_modules/sendoff/'));
    assert(ours.length === 0, ours.join('\n'));
    await succeed(['node', 'bin/app.ts'], cwd, { ...env, CDK_OUTDIR: join(cwd, 'cdk.out') });
    return exitCode === 0
      ? undefined
      : `${errors.length} errors in declarations of other packages, the first: ${errors[0]}`;
  },
);

await step('`sendoff init` makes an app of three files, and overwrites nothing', async () => {
  const init = () => run(['npx', '--no-install', 'sendoff', 'init', folder('mail')], folder('javascript'), env);
  const first = await init();
  assert(first.exitCode === 0, first.err);
  const files = readdirSync(folder('mail'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert(files.length === 3, files.map(({ name }) => name).join());
  const second = await init();
  assert(second.exitCode === 1 && /nothing is overwritten/.test(second.err), second.err);
  const { dependencies } = JSON.parse(readFileSync(join(folder('mail'), 'package.json'), 'utf8'));
  assert(dependencies.sendoff === version, `it depends on sendoff ${dependencies.sendoff}`);
  // Until this version is on the registry it can only come from the tarball.
  await install('mail', []);
  return files.map(({ name }) => name).join(', ');
});

await step('its assets are those of the checkout', async () => {
  const cwd = folder('mail');
  await succeed(['npx', '--no-install', 'cdk', 'synth', '--quiet'], cwd, env);
  const [theirs, ours] = [
    JSON.parse(readFileSync(join(cwd, 'cdk.out', 'Sendoff.template.json'), 'utf8')),
    synthesize().template,
  ].map(assetsIn);
  assert(theirs?.length === 5 && theirs.join() === ours?.join(), `${theirs?.join()}\n${ours?.join()}`);
  return `${theirs.length} functions`;
});

await step('it starts', () =>
  whileStarted([], folder('mail'), env, async (ready) => {
    await sendOne(ready, 'Hello');
    const subjects = await inbox(ready, 1);
    await operate(folder('mail'));
    return `in the inbox: ${subjects.join(', ')}`;
  }),
);

await step('the example docs/examples/typescript-tasks compiles', async () => {
  const cwd = await install('typescript-tasks', pinned('esbuild', 'typescript', '@types/node'));
  await succeed(['npx', '--no-install', 'tsc', '--pretty', 'false'], cwd, env);
  return undefined;
});

await step('it starts; its tasks are called and end', () =>
  whileStarted([], folder('typescript-tasks'), env, async ({ url, apiKey }, log) => {
    const caller = { ...env, SENDOFF_URL: url, SENDOFF_API_KEY: apiKey };
    const out = await succeed(['node', 'call.ts'], folder('typescript-tasks'), caller);
    const runs = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; status: string; result: unknown });
    const told = `${out}\n${log().slice(-2000)}`;
    assert(
      runs.map(({ name, status }) => `${name} ${status}`).join() ===
        'confirmed succeeded,refused failed,counted succeeded',
      told,
    );
    assert(JSON.stringify(runs[2]?.result) === '{"customers":1000000}', told);
    return 'an email, a refusal, and a walk of a million rows';
  }),
);

rmSync(scratch, { recursive: true, force: true });
console.info(`\n${((Date.now() - startedAtMs) / 1000).toFixed(0)} s`);
for (const name of failures) console.info(`FAILED  ${name}`);
console.info(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
