import { describe, expect, it } from 'vitest';
import { columns, duration, fields, paint, printable } from '../../../bin/cli/layout.ts';

const plain = { colour: false };

describe('the layout of answers', () => {
  it('stands in columns, numbers to the right', () => {
    expect(
      columns(
        plain,
        ['NAME', 'JOBS'],
        [
          ['bulk', 7],
          ['transactional', 1234],
        ],
      ),
    ).toBe('NAME           JOBS\nbulk              7\ntransactional  1234');
  });

  it('keeps its columns where there are colours', () => {
    const shown = columns(
      { colour: true },
      ['A', 'B'],
      [
        [paint({ colour: true }, 'good', 'sent'), 'x'],
        ['failed', 'y'],
      ],
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences.
    const bare = shown.replace(/\u001b\[\d+m/g, '');
    expect(bare).toBe('A       B\nsent    x\nfailed  y');
    expect(shown).not.toBe(bare);
  });

  it('leaves out fields without a value', () => {
    expect(
      fields([
        ['Id', '1'],
        ['Cc', ''],
        ['Reply-To', undefined],
        ['Tries', 0],
      ]),
    ).toBe('Id     1\nTries  0');
  });

  it.each([
    [-5, '0 ms'],
    [999, '999 ms'],
    [1_000, '1 s'],
    [119_000, '119 s'],
    [120_000, '2 min'],
    [7_199_000, '119 min'],
    [7_200_000, '2 h'],
    [7_260_000, '2 h 1 min'],
    [86_400_000 * 2, '2 d'],
    [86_400_000 * 2 + 3_600_000, '2 d 1 h'],
  ])('shows %d ms as %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it('removes what a terminal would obey', () => {
    expect(printable('a\u001b[2Jb\u009b1mc\r\nd\u202ee é 漢')).toBe('a�[2Jb�1mc��d�e é 漢');
  });
});
