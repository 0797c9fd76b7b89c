import { describe, expect, it } from 'vitest';
import { cli } from '../cli.ts';

describe('sendoff retry', () => {
  it.each([
    ['retry'],
    ['retry', '--failed', 'x'],
    ['retry', 'x', '--since', '2h'],
    ['retry', '--failed', '--since', 'yesterday'],
    ['retry', '--failed', '--until', '2026-11-20T08:00:00'],
  ])('refuses `%s %s %s %s`', async (...args) => {
    expect(await cli(args)).toMatchObject({ exitCode: 2, out: '' });
  });
});
