import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bundle, handlerEntry } from '../../lib/bundle.ts';
import { buildConsole } from '../../lib/console.ts';
import { writeFunctionCode } from '../../lib/function-code.ts';

const KIB = 1024;
const files = buildConsole();
const bytesOf = (wanted: RegExp) =>
  files.filter(({ name }) => wanted.test(name)).reduce((sum, { bytes }) => sum + bytes.length, 0);
const named = (name: string) => Buffer.from(files.find((file) => file.name === name)?.bytes ?? '');

describe('the console', () => {
  it('is at most 80 KiB, compressed, with all its pages', () => {
    expect(bytesOf(/\.br$|\.html$/) / KIB).toBeLessThan(80);
    expect(bytesOf(/\.gz$|\.html$/) / KIB).toBeLessThan(88);
  });

  it('is a page, and files with a hash in their names in three forms of the same content', () => {
    const assets = files.map(({ name }) => name).filter((name) => /\.(js|css)$/.test(name));
    expect(files).toHaveLength(1 + 3 * assets.length);
    for (const name of assets) {
      expect(name).toMatch(/^[\w-]+\.[A-Z0-9]{8}\.(js|css)$/);
      expect(brotliDecompressSync(named(`${name}.br`)).equals(named(name))).toBe(true);
      expect(gunzipSync(named(`${name}.gz`)).equals(named(name))).toBe(true);
    }
  });

  it('has one script and one style in its page, none inline', () => {
    const html = named('index.html').toString();
    expect(html).toMatch(/<script type="module" src="\{base\}assets\/main\.\w+\.js"><\/script>/);
    expect(html).toMatch(/<link rel="stylesheet" href="\{base\}assets\/main\.\w+\.css">/);
    expect(html).not.toMatch(/<script(?! type="module" src)|<style| style=| on\w+=/);
  });

  it('asks no other server for anything', () => {
    const text = files
      .filter(({ name }) => /\.(js|css|html)$/.test(name))
      .map(({ bytes }) => Buffer.from(bytes).toString());
    const addresses = text.join('\n').match(/https?:\/\/[\w.-]+/g) ?? [];
    const known = /^https?:\/\/(www\.w3\.org|([\w.]+\.)?example(\.com)?)$/;
    expect(addresses.filter((address) => !known.test(address))).toEqual([]);
  });
});

describe('the code of the API function', () => {
  it('has the console beside it only if it serves that', () => {
    const directory = mkdtempSync(join(tmpdir(), 'console-'));
    try {
      writeFunctionCode('api', 'aws', join(directory, 'with'), true);
      writeFunctionCode('api', 'aws', join(directory, 'without'));
      expect(readdirSync(join(directory, 'with', 'console')).toSorted()).toEqual(
        files.map(({ name }) => name).toSorted(),
      );
      expect(readdirSync(join(directory, 'without'))).not.toContain('console');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('loads of the console no more at a cold start than its routes and the check of sessions', () => {
    const directory = mkdtempSync(join(tmpdir(), 'console-'));
    try {
      const { coldInputs } = bundle(handlerEntry('api'), directory);
      const ofConsole = [...coldInputs].filter(([path]) => /\/api\/console\/|\/access\/(session|sign-in)/.test(path));
      expect(ofConsole.map(([path]) => path.split('/').slice(-1)[0]).toSorted()).toEqual([
        'files.ts',
        'routes.ts',
        'session-cookie.ts',
        'session.ts',
      ]);
      const bytesOf = (inputs: typeof ofConsole) => inputs.reduce((sum, [, bytes]) => sum + bytes, 0);
      expect(bytesOf(ofConsole)).toBeLessThan(4 * KIB);
      // One `import()` in the wrong form would bring in all of the other backend's client.
      expect(bytesOf([...coldInputs].filter(([path]) => /@upstash|adapters\/redis\//.test(path)))).toBeLessThan(
        4 * KIB,
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
