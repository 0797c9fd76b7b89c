/** A route of an HTTP API and the integration behind it. */
export type Route<T> = { routeKey: string; target: T };
/** The route a request takes. */
export type RouteMatch<T> = Route<T> & { pathParameters: Record<string, string> | undefined };

type CompiledRoute<T> = Route<T> & { method: string; segments: string[] };

/** Routes, tried as API Gateway does: the most specific path first, a method before ANY, `$default` last. */
export type RouteTable<T> = {
  add: (routeKey: string, target: T) => void;
  match: (method: string, path: string) => RouteMatch<T> | undefined;
};

/** Makes an empty route table. */
export function createRouteTable<T>(): RouteTable<T> {
  const routes: CompiledRoute<T>[] = [];
  let fallback: Route<T> | undefined;
  return {
    add: (routeKey, target) => {
      if (routeKey === '$default') {
        fallback = { routeKey, target };
        return;
      }
      const [method = '', path = ''] = routeKey.split(' ');
      routes.push({ routeKey, target, method, segments: path.split('/').slice(1) });
      routes.sort((a, b) => (specificity(b) < specificity(a) ? -1 : 1));
    },
    match: (method, path) => {
      const segments = path.split('/').slice(1);
      for (const route of routes) {
        if (route.method !== 'ANY' && route.method !== method) continue;
        const pathParameters = matchSegments(route.segments, segments);
        if (pathParameters) return { ...route, pathParameters: orUndefined(pathParameters) };
      }
      return fallback && { ...fallback, pathParameters: undefined };
    },
  };
}

/** Sorts as text: a literal segment before a parameter before a greedy one, longer before shorter, a method before ANY. */
function specificity(route: CompiledRoute<unknown>): string {
  const segments = route.segments.map((segment) =>
    segment.endsWith('+}') ? '1' : segment.startsWith('{') ? '2' : '3',
  );
  return `${segments.join('')}${route.method === 'ANY' ? '0' : '01'}`;
}

function matchSegments(pattern: string[], path: string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, segment] of pattern.entries()) {
    const name = /^\{(.+?)(\+?)\}$/.exec(segment);
    if (name?.[2] && name[1]) {
      const rest = path.slice(index).join('/');
      return rest === '' ? undefined : { ...parameters, [name[1]]: rest };
    }
    const actual = path[index];
    if (actual === undefined) return undefined;
    if (name?.[1] && actual !== '') parameters[name[1]] = actual;
    else if (actual !== segment) return undefined;
  }
  return pattern.length === path.length ? parameters : undefined;
}

function orUndefined(parameters: Record<string, string>): Record<string, string> | undefined {
  return Object.keys(parameters).length > 0 ? parameters : undefined;
}
