import { describe, expect, it } from 'vitest';
import { cli } from '../cli.ts';

describe('sendoff start', () => {
  it.each([
    [['--port', 'x'], 'It must be a number of 0 or more.'],
    [['--relay', 'host'], 'It must be HOST:PORT.'],
    [['-c', 'backend'], '-c takes name=value, not "backend"'],
  ])('refuses %s', async (args, why) => {
    expect(await cli(['start', ...args])).toMatchObject({ exitCode: 2, notes: expect.stringContaining(why) });
  });
});
