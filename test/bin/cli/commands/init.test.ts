import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageJson } from '../../../../lib/package-root.ts';
import { cli } from '../cli.ts';

const scratch = mkdtempSync(join(tmpdir(), 'init-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe('sendoff init', () => {
  it('writes three files, pinned to the versions it was tested with, and says what comes next', async () => {
    const directory = join(scratch, 'My Shop');
    const { exitCode, out } = await cli(['init', directory]);
    expect(exitCode).toBe(0);
    expect(readdirSync(directory, { recursive: true }).sort()).toEqual([
      'bin',
      'bin/app.ts',
      'cdk.json',
      'package.json',
    ]);
    const { version, devDependencies } = packageJson();
    expect(JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))).toMatchObject({
      name: 'my-shop',
      private: true,
      type: 'module',
      dependencies: {
        sendoff: version,
        'aws-cdk-lib': devDependencies['aws-cdk-lib'],
        constructs: devDependencies.constructs,
      },
      devDependencies: { 'aws-cdk': devDependencies['aws-cdk'] },
    });
    expect(out).toMatch(/npm install\n.*npx sendoff start/);
  });

  it.each(['package.json', 'cdk.json', 'bin/app.ts'])('overwrites nothing where there is a %s', async (file) => {
    const directory = join(scratch, file.replace('/', '-'));
    mkdirSync(join(directory, 'bin'), { recursive: true });
    writeFileSync(join(directory, file), 'mine');
    const { exitCode, notes } = await cli(['init', directory]);
    expect({ exitCode, notes }).toEqual({ exitCode: 1, notes: expect.stringContaining(`${file} exists already`) });
    expect(readFileSync(join(directory, file), 'utf8')).toBe('mine');
    expect(['package.json', 'cdk.json', 'bin/app.ts'].filter((one) => existsSync(join(directory, one)))).toEqual([
      file,
    ]);
  });
});
