import { type Json, withApi } from '../../api.ts';
import { answer, type Context } from '../../context.ts';
import { columns } from '../../layout.ts';
import { show, watch } from './watch.ts';

/** `broadcast status`: a broadcast as it is, or its progress until it has ended. */
export async function showBroadcast(
  context: Context,
  id: string,
  options: { readonly watch?: boolean },
): Promise<void> {
  await withApi(context, async (api) => {
    if (options.watch) await watch(context, api, id);
    else show(context, await api.ask('GET', `/broadcasts/${encodeURIComponent(id)}`));
  });
}

/** `broadcast list`: the newest broadcasts. */
export async function listBroadcasts(context: Context, { max }: { readonly max: number }): Promise<void> {
  await withApi(context, async (api) => {
    const broadcasts: Json[] = [];
    for (let after = ''; broadcasts.length < max; ) {
      const limit = Math.min(100, max - broadcasts.length);
      const page = await api.ask('GET', `/broadcasts?limit=${limit}${after}`);
      broadcasts.push(...page.data);
      if (!page.has_more) break;
      after = `&after=${page.data.at(-1).id}`;
    }
    answer(context, broadcasts, () =>
      columns(
        context.terminal,
        ['id', 'status', 'created', 'name'],
        broadcasts.map(({ id, status, created_at, name }) => [id, status, created_at.slice(0, 16), name]),
      ),
    );
  });
}

/** The orders that a broadcast takes; each may be repeated. */
export type Move = 'pause' | 'resume' | 'cancel' | 'delete';

/** `broadcast pause|resume|cancel|delete`. */
export async function moveBroadcast(context: Context, id: string, move: Move): Promise<void> {
  await withApi(context, async (api) => {
    const path = `/broadcasts/${encodeURIComponent(id)}`;
    if (move === 'delete') {
      await api.ask('DELETE', path);
      return answer(context, { id, deleted: true }, () => 'Deleted.');
    }
    await api.ask('POST', `${path}/${move}`);
    show(context, await api.ask('GET', path));
  });
}
