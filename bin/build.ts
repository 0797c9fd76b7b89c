#!/usr/bin/env node
/** `npm run build`: makes dist/, which is all of the package that is code. A new entry of it is a line in package.json's `exports` and one in tsconfig.build.json. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { bundle, handlerEntry } from '../lib/bundle.ts';
import { writeConsole } from '../lib/console.ts';
import { bundlePath, handlers } from '../lib/handlers.ts';
import { taskHandlers } from '../lib/tasks/bundle.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

/** Files that the code reads at run time, beside those it imports. */
const ASSETS = ['lib/local/cloud/lambda/bootstrap.mjs', 'lib/local/cloud/ses/inbox/page/*'];

/** Modules that are bundled with the user's tasks when their app is synthesized (lib/tasks). */
const BUNDLED_BY_USERS = [
  ...taskHandlers.map((handler) => `functions/${handler}/handler`),
  'functions/runtime/tasks/describe-tasks',
];

/** Packages that no import names: files of one are loaded past what it exports, the other is the one of the user's app. */
const LOADED_BY_PATH = ['dynalite', 'esbuild'];

interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const manifest: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
assertEntries();
const imported = keepModules();
keepDeclarations();
for (const file of globSync(ASSETS, { cwd: root })) {
  mkdirSync(dirname(join(dist, file)), { recursive: true });
  copyFileSync(join(root, file), join(dist, file));
}
for (const [handler, backends] of Object.entries(handlers))
  for (const backend of backends) bundle(handlerEntry(handler), join(dist, bundlePath(handler, backend)), backend);
writeConsole(dist);
for (const file of Object.values(manifest.bin)) chmodSync(join(root, file), 0o755);
assertDependencies(imported);

/** Deletes the declarations that no entry leads to; in the others, names imports as a consumer's compiler finds them. */
function keepDeclarations(): void {
  const reached = new Set(
    Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [] : [join(root, entry.types)])),
  );
  for (const file of reached) {
    const text = readFileSync(file, 'utf8').replaceAll(
      /((?:from|import\() ?['"]\.{1,2}\/[^'"]*)\.ts(['"])/g,
      '$1.js$2',
    );
    writeFileSync(file, text);
    for (const [, specifier = ''] of text.matchAll(/(?:from|import\() ?['"](\.{1,2}\/[^'"]+)\.js['"]/g))
      reached.add(`${resolve(dirname(file), specifier)}.d.ts`);
  }
  for (const file of globSync('**/*.d.ts', { cwd: dist })) if (!reached.has(join(dist, file))) rmSync(join(dist, file));
}

/** Deletes the modules that are there for their types alone; answers the packages that the others import, each with a file that does. */
function keepModules(): Map<string, string> {
  const entries = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? [] : [entry.default],
  );
  const { inputs } = buildSync({
    absWorkingDir: root,
    entryPoints: [...entries, ...Object.values(manifest.bin), ...BUNDLED_BY_USERS.map((path) => `dist/${path}.js`)],
    outdir: dist,
    write: false,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    metafile: true,
  }).metafile;
  for (const file of globSync('dist/**/*.js', { cwd: root })) if (!inputs[file]) rmSync(join(root, file));
  const packages = new Map<string, string>();
  for (const [file, { imports }] of Object.entries(inputs))
    for (const { path, external } of imports) if (external && !isBuiltin(path)) packages.set(packageOf(path), file);
  return packages;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function assertEntries(): void {
  const files = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  );
  const missing = [...files, ...Object.values(manifest.bin)].filter((file) => !existsSync(join(root, file)));
  if (missing.length > 0)
    throw new Error(`package.json names what tsconfig.build.json does not build: ${missing.join(', ')}`);
}

/** Checks that dist/ imports exactly the packages that are installed with it: none is missing, none is unused. */
function assertDependencies(used: ReadonlyMap<string, string>): void {
  const { dependencies, peerDependencies } = manifest;
  const installed = new Set(Object.keys({ ...dependencies, ...peerDependencies }));
  const missing = [...used].filter(([name]) => !installed.has(name)).map(([name, file]) => `${name} (${file})`);
  const unused = [...installed].filter((name) => !used.has(name) && !LOADED_BY_PATH.includes(name));
  if (missing.length > 0)
    throw new Error(`dist/ imports packages that package.json does not install with it: ${missing.join(', ')}`);
  if (unused.length > 0)
    console.warn(`package.json installs packages that dist/ does not import: ${unused.join(', ')}`);
}
