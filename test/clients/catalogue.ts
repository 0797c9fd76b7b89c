import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pythonWith } from '../helpers/python-packages.ts';
import { startSmtpServer } from '../helpers/smtp-server.ts';
import { cacheDirectory, cached, tool } from './build.ts';
import type { BuiltClient, Client } from './client.ts';
import { makeCertificate, startTlsProxy } from './java/tls-proxy.ts';

/** How long a mail server takes for an email, with and without Sendoff. */
const MAIL_SERVER_MS = 100;

const here = (...path: string[]) => join(import.meta.dirname, ...path);
/** The version that a file of the client's folder pins. */
const pinned = (file: string, pattern: RegExp) => pattern.exec(readFileSync(here(file), 'utf8'))?.[1] ?? 'unknown';
/** A program that finds all it needs in its environment. */
const runs = (command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  ({ program: () => ({ command, args, environment }) }) satisfies BuiltClient;

/** npm's packages of a folder with a package.json and a lock file. */
const npmPackages = (name: string, folder: string) =>
  cached(name, [`${folder}/package.json`, `${folder}/package-lock.json`], async (directory) => {
    await tool('cp', [here(folder, 'package.json'), here(folder, 'package-lock.json'), directory]);
    await tool('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], directory);
  });

let python: Promise<string> | undefined;
/** One environment for both clients of Python. */
const pythonPackages = () => {
  const requirements = here('python', 'requirements.txt');
  const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  python ??= pythonWith(`clients-${version}`, ['--requirement', requirements]);
  return python;
};

const rust: Client = {
  name: 'rust',
  version: `resend-rs ${pinned('rust/Cargo.toml', /resend-rs = \{ version = "=([^"]+)"/)}`,
  needs: { cargo: ['cargo'] },
  build: async () => {
    const target = join(cacheDirectory, 'rust');
    await tool('cargo', ['build', '--locked', '--manifest-path', here('rust', 'Cargo.toml'), '--target-dir', target]);
    return runs(join(target, 'debug', 'sendoff-clients'), []);
  },
};

const go: Client = {
  name: 'go',
  version: `resend-go ${pinned('go/go.mod', /resend-go\/v3 (\S+)/)}`,
  needs: { go: ['golang-go'] },
  build: async () => {
    const program = join(cacheDirectory, 'go-cases');
    await tool('go', ['build', '-o', program, '.'], here('go'));
    return runs(program, []);
  },
};

const java: Client = {
  name: 'java',
  version: `resend-java ${pinned('java/pom.xml', /resend-java<\/artifactId>\s*<version>([^<]+)/)}`,
  needs: { keytool: ['default-jdk-headless'], mvn: ['maven'] },
  build: async () => {
    const directory = await cached('java', ['java/pom.xml'], async (unfinished) => {
      const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${unfinished}`];
      await tool('mvn', ['--batch-mode', '--quiet', '--file', here('java', 'pom.xml'), ...goal]);
      await makeCertificate(unfinished);
    });
    const proxy = await startTlsProxy(directory);
    // It would read its source in the machine's own encoding; and its best compiler does not pay in half a minute.
    const args = [
      '-Dfile.encoding=UTF-8',
      ...proxy.jvmOptions,
      '-cp',
      join(directory, '*'),
      here('java', 'Cases.java'),
    ];
    return {
      program: (sendoff) => {
        proxy.target = sendoff.url;
        return { command: 'java', args };
      },
      close: proxy.close,
    };
  },
};

const pythonClient: Client = {
  name: 'python',
  version: `resend ${pinned('python/requirements.txt', /^resend==(.+)$/m)}`,
  needs: { python3: ['python3', 'python3-venv'] },
  build: async () => runs(await pythonPackages(), [here('python', 'cases.py')]),
};

const django: Client = {
  name: 'django',
  version: `django-anymail ${pinned('python/requirements.txt', /^django-anymail==(.+)$/m)}, Django ${pinned('python/requirements.txt', /^Django==(.+)$/m)}`,
  needs: { python3: ['python3', 'python3-venv'] },
  build: async () => runs(await pythonPackages(), [here('django', 'cases.py')]),
};

/** An example of the documentation: a task called from Django, beside a view that waits for a mail server. */
const djangoNotifications: Client = {
  name: 'django-notifications',
  version: `docs/examples, Django ${pinned('python/requirements.txt', /^Django==(.*)$/m)}`,
  needs: {},
  build: async () => {
    const python = await pythonPackages();
    const example = here('..', '..', 'docs', 'examples', 'django-notifications');
    const mailServer = await startSmtpServer(MAIL_SERVER_MS);
    return {
      sendoff: { tasks: join(example, 'tasks.ts'), latencyMs: MAIL_SERVER_MS },
      program: () => ({
        command: python,
        args: [join(example, 'compare.py')],
        environment: { EMAIL_PORT: String(mailServer.port), PYTHONDONTWRITEBYTECODE: '1' },
      }),
      close: mailServer.close,
    };
  },
};

const node: Client = {
  name: 'node',
  version: `resend ${pinned('../../package.json', /"resend": "([^"]+)"/)}`,
  needs: {},
  build: async () => runs(process.execPath, [here('node', 'cases.ts')]),
};

const methods: Client = {
  name: 'methods',
  version: `every method of ${node.version}`,
  needs: {},
  build: async () => runs(process.execPath, [here('node', 'methods.ts')]),
};

const node4: Client = {
  name: 'node-4',
  version: `resend ${pinned('node/4.8.0/package.json', /"resend": "([^"]+)"/)}`,
  needs: {},
  build: async () => {
    const directory = await npmPackages('node-4', 'node/4.8.0');
    const RESEND_PACKAGE = pathToFileURL(join(directory, 'node_modules', 'resend', 'dist', 'index.mjs')).href;
    return runs(process.execPath, [here('node', 'cases.ts')], { RESEND_PACKAGE });
  },
};

const reactEmail: Client = {
  name: 'react-email',
  version: `@react-email/render ${pinned('react-email/package.json', /"@react-email\/render": "([^"]+)"/)}`,
  needs: {},
  build: async () => {
    const CLIENT_DIRECTORY = await npmPackages('react-email', 'react-email');
    return runs(process.execPath, [here('react-email', 'cases.ts')], { CLIENT_DIRECTORY });
  },
};

/** Packagist is no registry that CI can count on: a checkout of the client if there is one, or else its payloads. */
const { RESEND_PHP = '', RESEND_RUBY = '' } = process.env;
const versionIn = (file: string) => /VERSION = ['"]([^'"]+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? 'unknown';

const php: Client = {
  name: 'php',
  version: RESEND_PHP
    ? `resend-php ${versionIn(join(RESEND_PHP, 'src/Resend.php'))}, checkout`
    : 'payloads of resend-php, Laravel, Symfony',
  needs: { php: ['php-cli', ...(RESEND_PHP ? ['php-curl', 'php-guzzlehttp-guzzle'] : [])] },
  build: async () => runs('php', [here('php', 'cases.php')], { RESEND_PHP }),
};

/** The same for rubygems. */
const ruby: Client = {
  name: 'ruby',
  version: RESEND_RUBY
    ? `resend-ruby ${versionIn(join(RESEND_RUBY, 'lib/resend/version.rb'))}, checkout`
    : 'payloads of resend-ruby, its Rails mailer',
  needs: { ruby: ['ruby', ...(RESEND_RUBY ? ['ruby-httparty'] : [])] },
  build: async () => runs('ruby', [here('ruby', 'cases.rb')], { RESEND_RUBY }),
};

/** Every client; what takes longest to build comes first. */
export const clients: readonly Client[] = [
  rust,
  java,
  go,
  pythonClient,
  django,
  djangoNotifications,
  node,
  methods,
  node4,
  reactEmail,
  php,
  ruby,
];
