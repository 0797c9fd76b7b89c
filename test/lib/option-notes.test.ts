import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { App } from 'aws-cdk-lib/core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { configFromContext, parseConfig } from '../../lib/config.ts';
import { SendoffStack } from '../../lib/sendoff-stack.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'options-'));
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

/** What synth says of options that cdk.json and the command line give; code gives others. */
function notesOn({
  cdkJson = {},
  commandLine = {},
  code,
}: Partial<Record<'cdkJson' | 'commandLine' | 'code', object>>) {
  writeFileSync(join(directory, 'cdk.json'), JSON.stringify({ context: cdkJson }));
  vi.spyOn(process, 'cwd').mockReturnValue(directory);
  const given = { ...cdkJson, ...commandLine };
  const app = new App({
    builtinCloudFormationValidation: false,
    context: { ...given, 'aws:cdk:bundling-stacks': [] },
  });
  const stack = new SendoffStack(app, code ? parseConfig({ ...code }) : configFromContext(given));
  const { Metadata } = Template.fromStack(stack).toJSON();
  const annotations = Annotations.fromStack(stack);
  const texts = (found: { entry: { data?: unknown } }[]) => found.map(({ entry }) => String(entry.data));
  return {
    infos: texts(annotations.findInfo('/Sendoff', Match.anyValue())),
    warnings: texts(annotations.findWarning('/Sendoff', Match.anyValue())),
    recorded: Metadata?.Sendoff?.Options,
  };
}

describe('options at synth', () => {
  it('are named with their origins, and recorded in the template', () => {
    const notes = notesOn({ cdkJson: { domain: 'mail.example.com' }, commandLine: { maxConcurrency: '20' } });
    expect(notes).toEqual({
      infos: [
        'Options: domain=mail.example.com (cdk.json); maxConcurrency=20 (command line). All others have their defaults.',
      ],
      warnings: [],
      recorded: { domain: 'mail.example.com', maxConcurrency: 20 },
    });
  });

  it('bring a warning when the next deployment may forget one and take something away', () => {
    const { warnings } = notesOn({ commandLine: { domain: 'mail.example.com', retentionDays: 365, logLevel: 'warn' } });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^Write these options into "context" of cdk\.json.*: domain: the domain .*; retentionDays: /,
      ),
    ]);
    expect(warnings[0]).not.toContain('logLevel');
  });

  it('bring no warning when the command line has another value than cdk.json', () => {
    const { infos, warnings } = notesOn({ cdkJson: { retentionDays: 90 }, commandLine: { retentionDays: 60 } });
    expect([infos, warnings]).toEqual([[expect.stringContaining('retentionDays=60 (command line)')], []]);
  });

  it.each([
    ['the defaults', { cdkJson: { retentionDays: 30 } }],
    ['the stage', { commandLine: { stage: 'test' } }],
    ["what the app's code gives", { code: { domain: 'mail.example.com', backend: 'redis', redisSecret: 'upstash' } }],
  ])('are not mentioned when they are %s', (_what, given) => {
    expect(notesOn(given)).toEqual({ infos: [], warnings: [], recorded: undefined });
  });
});
