import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../lib/bundle.ts';

// The tests compare separate bundlings.
delete process.env.SENDOFF_BUNDLES;

describe('a bundle', () => {
  let directory: string;
  const path = (...names: string[]) => join(directory, ...names);
  /** What `code` prints, with the exports of that bundle in scope, in a Node of its own. */
  const run = (output: string, code: string) => {
    const script = `import(${JSON.stringify(path(output, 'index.mjs'))}).then(async ({ handler, fail }) => { ${code} })`;
    return execFileSync(process.execPath, ['--enable-source-maps', '-e', script], { encoding: 'utf8' });
  };

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'bundle-'));
    writeFileSync(
      path('package.cjs'),
      "module.exports = { kind: require('node:os').EOL.length > 0 ? 'commonjs' : '' };\n",
    );
    const source = [
      "import { kind } from './package.cjs';",
      "export const handler = async (rarely?: boolean): Promise<string> => rarely ? (await import('./rare.ts')).word : 'bundled ' + kind;",
      'export const fail = () => {',
      "  throw new Error('on line 4');",
      '};',
    ];
    writeFileSync(path('handler.ts'), source.join('\n'));
    writeFileSync(path('rare.ts'), "export const word: string = 'seldom needed';\n");
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('is ESM that runs by itself, CommonJS packages included, with source maps', () => {
    const { coldBytes, totalBytes, metafile } = bundle(path('handler.ts'), path('out'));
    const code = readdirSync(path('out')).filter((file) => file.endsWith('.mjs'));
    expect(readdirSync(path('out')).sort()).toEqual(code.flatMap((file) => [file, `${file}.map`]).sort());
    expect(totalBytes).toBe(code.reduce((sum, file) => sum + readFileSync(path('out', file)).length, 0));
    expect(coldBytes).toBeLessThan(totalBytes);
    expect(Object.keys(metafile.inputs)).toHaveLength(3);
    expect(run('out', 'console.log(await handler())')).toBe('bundled commonjs\n');
  });

  it('leaves what is imported by import() out of what a cold start reads', () => {
    bundle(path('handler.ts'), path('lazy'));
    const rare = readdirSync(path('lazy')).filter((file) => file.startsWith('rare-') && file.endsWith('.mjs'));
    expect(rare).toHaveLength(1);
    expect(readFileSync(path('lazy', 'index.mjs'), 'utf8')).not.toContain('seldom needed');
    expect(run('lazy', 'console.log(await handler(true))')).toBe('seldom needed\n');
  });

  it('points errors at the line of the source', () => {
    bundle(path('handler.ts'), path('mapped'));
    const stack = run('mapped', 'try { fail(); } catch (error) { console.log(error.stack); }');
    expect(stack).toContain('handler.ts:4:');
  });

  it('has the same bytes wherever it is written', () => {
    bundle(path('handler.ts'), path('here'));
    bundle(path('handler.ts'), path('some', 'where', 'deeper'));
    expect(readdirSync(path('here'))).toEqual(readdirSync(path('some', 'where', 'deeper')));
    for (const file of readdirSync(path('here'))) {
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
