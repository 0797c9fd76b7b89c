import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../lib/bundle.ts';

describe('a bundle', () => {
  let directory: string;
  const path = (...names: string[]) => join(directory, ...names);

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'bundle-'));
    writeFileSync(
      path('package.cjs'),
      "module.exports = { kind: require('node:os').EOL.length > 0 ? 'commonjs' : '' };\n",
    );
    const source = [
      "import { kind } from './package.cjs';",
      "export const handler = async (): Promise<string> => 'bundled ' + kind;",
      'export const fail = () => {',
      "  throw new Error('on line 4');",
      '};',
    ];
    writeFileSync(path('handler.ts'), source.join('\n'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('is one ESM file that runs by itself, CommonJS packages included, and its source map', () => {
    const { sizeBytes, metafile } = bundle(path('handler.ts'), path('out'));
    expect(readdirSync(path('out')).sort()).toEqual(['index.mjs', 'index.mjs.map']);
    expect(sizeBytes).toBe(readFileSync(path('out', 'index.mjs')).length);
    expect(Object.keys(metafile.inputs)).toHaveLength(2);
    const run = `import(${JSON.stringify(path('out', 'index.mjs'))}).then(async ({ handler }) => console.log(await handler()))`;
    expect(execFileSync(process.execPath, ['-e', run], { encoding: 'utf8' })).toBe('bundled commonjs\n');
  });

  it('points errors at the line of the source', () => {
    bundle(path('handler.ts'), path('mapped'));
    const run = `import(${JSON.stringify(path('mapped', 'index.mjs'))}).then(({ fail }) => { try { fail(); } catch (error) { console.log(error.stack); } })`;
    const stack = execFileSync(process.execPath, ['--enable-source-maps', '-e', run], { encoding: 'utf8' });
    expect(stack).toContain('handler.ts:4:');
  });

  it('has the same bytes wherever it is written', () => {
    bundle(path('handler.ts'), path('here'));
    bundle(path('handler.ts'), path('some', 'where', 'deeper'));
    for (const file of ['index.mjs', 'index.mjs.map']) {
      expect(readFileSync(path('here', file)).equals(readFileSync(path('some', 'where', 'deeper', file)))).toBe(true);
    }
  });

  it('that does not build says which file and why', () => {
    writeFileSync(path('broken.ts'), "import './missing.ts';\n");
    expect(() => bundle(path('broken.ts'), path('none'))).toThrow(
      /broken\.ts:1:7: ERROR: Could not resolve "\.\/missing\.ts"/,
    );
  });
});
