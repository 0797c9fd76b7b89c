import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cutFile } from '../../../../bin/cli/commands/contacts/pieces.ts';
import { importLimits } from '../../../../functions/core/audience/import/import.ts';

it('cuts a file of 50 MB into requests of whole rows, none of which is in two', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pieces-'));
  const path = join(directory, 'large.csv');
  const note = 'x'.repeat(5_000);
  const rows = Array.from({ length: 10_000 }, (_, row) => `p${row}@example.net,"a\r\n""b""",${note}\r\n`);
  writeFileSync(path, `\ufeffemail,name,note\r\n${rows.join('')}`);
  const file = await cutFile(path);
  expect(file.sizeBytes).toBeGreaterThan(50_000_000);
  expect(file.pieces).toHaveLength(13);
  let next = file.header.length;
  for (const [index, piece] of file.pieces.entries()) {
    const bytes = await file.read(piece);
    expect(bytes.length).toBeLessThanOrEqual(importLimits.fileBytes);
    expect([piece.offset, (piece.line - file.firstLine) % 2]).toEqual([next, 0]);
    expect(bytes.toString('utf8', file.header.length, file.header.length + 9)).toMatch(/^p\d+@/);
    if (index === 12) expect(piece.end).toBe(file.sizeBytes);
    next = piece.end;
  }
  await file.close();
  rmSync(directory, { recursive: true });
});
