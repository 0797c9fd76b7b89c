import { Badge, type Column, When } from '../../../parts/index.ts';
import type { ContactRow } from '../answers.ts';

export const fullName = ({ first_name, last_name }: Pick<ContactRow, 'first_name' | 'last_name'>): string =>
  [first_name, last_name].filter(Boolean).join(' ');

export const contactColumns: readonly Column<ContactRow>[] = [
  { title: 'Address', grow: true, cell: ({ email }) => email },
  { title: 'Name', grow: true, wide: true, cell: fullName },
  {
    title: 'Broadcasts',
    width: 16,
    cell: ({ unsubscribed }) =>
      unsubscribed ? <Badge status="unsubscribed" tone="warn" /> : <span class="faint">subscribed</span>,
  },
  { title: 'Created', wide: true, cell: ({ created_at }) => <When iso={created_at} /> },
];
