import type { FastifyInstance } from 'fastify';
import { routedUrl } from './custom-verb.ts';

interface KnownRoute {
  readonly methods: readonly string[];
  /** A segment's text, or undefined where any text may stand. */
  readonly segments: readonly (string | undefined)[];
}

/** What the router serves, so that a known path with a wrong method can be told from an unknown path. */
export class RouteTable {
  readonly #routes: KnownRoute[] = [];

  /** Records every route that is added from now on. */
  follow(http: FastifyInstance): void {
    http.addHook('onRoute', ({ method, url }) => {
      if (url.includes('*')) return;
      this.#routes.push({
        methods: Array.isArray(method) ? method : [method],
        segments: url
          .split('/')
          .map((segment) => (/^:[^:]/.test(segment) ? undefined : segment.replace('::', ':'))),
      });
    });
  }

  /** The methods that a path answers, in alphabetical order; none when the path is unknown. */
  methodsOf(path: string): readonly string[] {
    const forms = new Set([path, routedUrl('POST', path), routedUrl('GET', path)]);
    const methods = [...forms].flatMap((form) => {
      const segments = form.split('/');
      return this.#routes.filter((route) => matches(route, segments)).flatMap((route) => route.methods);
    });
    return [...new Set(methods)].toSorted();
  }
}

function matches(route: KnownRoute, segments: readonly string[]): boolean {
  return (
    route.segments.length === segments.length &&
    route.segments.every((expected, index) =>
      expected === undefined ? segments[index] !== '' : expected === segments[index],
    )
  );
}
