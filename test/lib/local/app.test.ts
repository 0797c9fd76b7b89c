import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { synthesizeApp } from '../../../lib/local/app.ts';

const scratch = mkdtempSync(join(tmpdir(), 'cdk-app-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** A folder with a cdk.json, and an app that writes down the environment it is started in. */
function folderWith(cdkJson: object, lookedUp?: object): string {
  const folder = mkdtempSync(join(scratch, 'app-'));
  writeFileSync(join(folder, 'cdk.json'), JSON.stringify(cdkJson));
  if (lookedUp) writeFileSync(join(folder, 'cdk.context.json'), JSON.stringify(lookedUp));
  writeFileSync(
    join(folder, 'app.cjs'),
    "require('fs').writeFileSync(process.env.CDK_OUTDIR + '/env.json', JSON.stringify(process.env)); console.log('noise');",
  );
  return folder;
}

async function startedWith(directory: string, options: { app?: string; context?: object; env?: object } = {}) {
  const { app, context = {}, env = {} } = options;
  const assembly = await synthesizeApp({
    directory,
    app,
    context: { ...context },
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  });
  const started = JSON.parse(readFileSync(join(assembly.directory, 'env.json'), 'utf8'));
  return { assembly, started, context: JSON.parse(started.CDK_CONTEXT_JSON) };
}

const app = `${process.execPath} app.cjs`;

describe('synthesizing an app', () => {
  it('starts it as the CDK does: the context of cdk.json, what was looked up, and what is given; the last wins', async () => {
    const directory = folderWith({ app, context: { a: 1, b: 1, c: 1 } }, { b: 2, c: 2 });
    const { assembly, started, context } = await startedWith(directory, { context: { c: '3' } });
    expect(context).toMatchObject({ a: 1, b: 2, c: '3' });
    expect(started).toMatchObject({
      CDK_OUTDIR: assembly.directory,
      CDK_DEFAULT_ACCOUNT: '000000000000',
      CDK_DEFAULT_REGION: 'us-east-1',
    });
    assembly.remove();
    expect(existsSync(assembly.directory)).toBe(false);
  });

  it('takes another command, and the account and region of the environment', async () => {
    const env = { CDK_DEFAULT_ACCOUNT: '111122223333', AWS_REGION: 'eu-central-1' };
    const { assembly, started } = await startedWith(folderWith({ app: 'false' }), { app, env });
    expect(started).toMatchObject({ CDK_DEFAULT_ACCOUNT: '111122223333', CDK_DEFAULT_REGION: 'eu-central-1' });
    assembly.remove();
  });

  it('hands over a context that is longer than a variable may be', async () => {
    const { assembly, started } = await startedWith(folderWith({ app, context: { long: 'x'.repeat(200_000) } }));
    expect(JSON.parse(readFileSync(started.CONTEXT_OVERFLOW_LOCATION_ENV, 'utf8')).long).toHaveLength(200_000);
    assembly.remove();
  });

  it('lets functions find the AWS SDK, and nothing else of the app', async () => {
    const directory = folderWith({ app });
    for (const name of ['@aws-sdk/client-s3', 'left-pad'])
      mkdirSync(join(directory, 'node_modules', name), { recursive: true });
    const { assembly } = await startedWith(directory);
    const found = (name: string) => join(assembly.directory, 'node_modules', name);
    expect(realpathSync(found('@aws-sdk'))).toBe(realpathSync(join(directory, 'node_modules', '@aws-sdk')));
    expect(existsSync(found('left-pad'))).toBe(false);
    assembly.remove();
    expect(existsSync(join(directory, 'node_modules', '@aws-sdk', 'client-s3'))).toBe(true);
  });

  it('uses an assembly that is there already, and leaves it', async () => {
    const directory = folderWith({});
    mkdirSync(join(directory, 'cdk.out'));
    const assembly = await synthesizeApp({ directory, app: 'cdk.out', context: {}, env: {} });
    assembly.remove();
    expect(existsSync(assembly.directory)).toBe(true);
  });

  it('says so when there is no app, when it fails, and when its cdk.json is not JSON', async () => {
    const given = { context: {}, env: { PATH: process.env.PATH } };
    await expect(synthesizeApp({ directory: folderWith({}), ...given })).rejects.toThrow(/no cdk\.json.*sendoff init/);
    await expect(synthesizeApp({ directory: folderWith({ app: 'exit 3' }), ...given })).rejects.toThrow(
      '`exit 3` ended with exit code 3',
    );
    const directory = folderWith({});
    writeFileSync(join(directory, 'cdk.json'), '{');
    await expect(synthesizeApp({ directory, ...given })).rejects.toThrow('cdk.json is not JSON');
  });
});
