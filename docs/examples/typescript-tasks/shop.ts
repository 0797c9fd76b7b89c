/** Stands for the database of the shop. */

interface Order {
  readonly name: string;
  readonly email: string;
}

const orders = new Map<string, Order>([['A-1', { name: 'Ada', email: 'ada@example.net' }]]);

export async function orderOf(order: string): Promise<Order | undefined> {
  return orders.get(order);
}

const CUSTOMERS = 1_000_000;

/** The ids of the next customers: `WHERE id > after ORDER BY id LIMIT limit`. */
export async function customersAfter(after: number, limit: number): Promise<number[]> {
  return Array.from({ length: Math.min(limit, CUSTOMERS - after) }, (_, index) => after + index + 1);
}
