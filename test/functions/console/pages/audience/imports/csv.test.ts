import { describe, expect, it } from 'vitest';
import { initialTargets, keyFor } from '../../../../../../functions/console/pages/audience/imports/column-targets.ts';
import { piecesOf, sampleOf } from '../../../../../../functions/console/pages/audience/imports/csv.ts';
import { columnMap } from '../../../../../../functions/console/pages/audience/imports/upload.ts';
import { csvRows, readHeader } from '../../../../../../functions/core/audience/import/csv.ts';

const file =
  '\uFEFFE-Mail;First Name;City\r\nada@example.org;"Ada ""A""; L";"Lon\ndon"\r\n\r\nbob@example.org;Bob;\r\n';

describe('the sample of a CSV file', () => {
  it('has the columns and cells that the API reads', () => {
    const bytes = Buffer.from(file);
    const header = readHeader(bytes);
    const rows = [...csvRows(bytes, header.next, header.delimiter)].map(({ cells }) => cells);
    expect(sampleOf(file)).toEqual({ columns: header.columns, rows });
    expect(rows[0]).toEqual(['ada@example.org', 'Ada "A"; L', 'Lon\ndon']);
  });

  it('has no columns if the file is empty', () => {
    expect(sampleOf('')).toEqual({ columns: [], rows: [] });
  });
});

describe('the pieces of a file', () => {
  const header = 'email,name\n';
  const row = (name: string) => `a@example.org,${name}\n`;
  const textOf = (bytes: Buffer, limits: { bytes: number; rows: number }) => {
    const cut = piecesOf(bytes, limits);
    return [bytes.subarray(0, cut.header), ...cut.pieces.map(({ from, to }) => bytes.subarray(from, to))].map(String);
  };

  it('are whole rows, with at most so many bytes and rows', () => {
    const rows = ['a', 'b', '"c\nd"', 'e'].map(row);
    const bytes = Buffer.from(header + rows.join(''));
    expect(textOf(bytes, { bytes: 1000, rows: 3 })).toEqual([header, rows.slice(0, 3).join(''), rows[3]]);
    const limit = header.length + 2 * row('a').length;
    expect(textOf(bytes, { bytes: limit, rows: 100 })).toEqual([header, rows.slice(0, 2).join(''), rows[2], rows[3]]);
  });

  it('are all of the file, also without a line end after the last row', () => {
    const bytes = Buffer.from(`${header}a@example.org,x`);
    expect(textOf(bytes, { bytes: 1000, rows: 10 })).toEqual([header, 'a@example.org,x']);
    expect(textOf(Buffer.from(header), { bytes: 1000, rows: 10 })).toEqual([header]);
  });
});

describe('the mapping of columns', () => {
  it('finds the fields that columns are often called after, each once', () => {
    expect(initialTargets(['E-Mail', 'First Name', 'LAST_NAME', 'email', 'City'])).toEqual({
      ...{ 0: 'email', 1: 'first_name', 2: 'last_name', 3: '', 4: '' },
    });
    expect(keyFor('Größe (cm)')).toBe('gro_e_cm');
  });

  it('becomes the column map of the API', () => {
    const properties = [
      {
        object: 'contact_property',
        id: '1',
        key: 'points',
        type: 'number' as const,
        fallback_value: null,
        created_at: '',
      },
    ];
    const columns = ['E-Mail', 'Points', 'City', 'Other'];
    expect(columnMap({ columns, targets: ['email', 'property:points', 'string:city', ''], properties })).toEqual({
      email: 'E-Mail',
      properties: { points: { column: 'Points', type: 'number' }, city: { column: 'City', type: 'string' } },
    });
  });
});
