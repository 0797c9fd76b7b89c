import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { packageJson } from '../../../lib/package-root.ts';
import { CliError } from '../errors.ts';
import type { Terminal } from '../terminal.ts';

/** Node runs it as it is: it strips the types. */
const APP = `import { App } from 'aws-cdk-lib';
import { configFromContext, SendoffStack } from 'sendoff';

const app = new App();
// Options are "context" in cdk.json. On the command line (-c name=value) the next deployment forgets them.
new SendoffStack(app, configFromContext(app.node.getAllContext()));
`;

/** `init [DIR]`: writes a CDK app that deploys and starts; overwrites nothing. */
export function init(terminal: Terminal, given = '.'): void {
  const directory = resolve(given);
  const files = filesOf(basename(directory));
  const existing = Object.keys(files).filter((file) => existsSync(join(directory, file)));
  if (existing.length > 0)
    throw new CliError(
      `${existing.map((file) => join(given, file)).join(' and ')} exist${existing.length === 1 ? 's' : ''} already, and nothing is overwritten. Add the construct to that app: import { Sendoff } from 'sendoff'.`,
    );
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), text);
    terminal.note(`wrote ${join(given, file)}`);
  }
  const there = relative('.', directory);
  terminal.out(`
${there ? `  cd ${there} && ` : '  '}npm install
  npx sendoff start      # on this machine; \`npx cdk deploy\` puts it into your AWS account
  # options (domain, retentionDays …) belong into "context" of cdk.json`);
}

function filesOf(folder: string): Record<string, string> {
  const { version, engines, devDependencies } = packageJson();
  const versionOf = (name: string) => devDependencies[name] ?? '*';
  const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    'package.json': json({
      name:
        folder
          .toLowerCase()
          .replaceAll(/[^a-z0-9._-]+/g, '-')
          .replace(/^[._-]+/, '') || 'mail',
      private: true,
      type: 'module',
      engines,
      scripts: { start: 'sendoff start', deploy: 'cdk deploy' },
      dependencies: {
        'aws-cdk-lib': versionOf('aws-cdk-lib'),
        constructs: versionOf('constructs'),
        sendoff: version,
      },
      devDependencies: { 'aws-cdk': versionOf('aws-cdk') },
    }),
    'cdk.json': json({ app: 'node bin/app.ts', context: {} }),
    'bin/app.ts': APP,
  };
}
