import type { FactoryProvider } from '@nestjs/common';

declare const provides: unique symbol;
/** Names a dependency that has no class, such as a parsed configuration. */
export type Key<T> = symbol & { readonly [provides]?: T };
export type Token<T> = (abstract new (...args: never[]) => T) | Key<T>;

export function key<T>(description: string): Key<T> {
  return Symbol(description);
}

/** Wires `implementation` into a Nest module without decorating it; the compiler checks the list. */
export function provide<T, Args extends readonly unknown[]>(
  implementation: new (...args: Args) => T,
  dependencies: { readonly [I in keyof Args]: Token<Args[I]> },
  as?: Token<T>,
): FactoryProvider<T> {
  return {
    provide: as ?? implementation,
    inject: [...dependencies] as (symbol | (abstract new () => unknown))[],
    useFactory: (...args: unknown[]) => new implementation(...(args as unknown as Args)),
  };
}

/** Wires a value that a function makes of other dependencies, awaited before the service starts. */
export function provideMade<T, Args extends readonly unknown[]>(
  as: Token<T>,
  dependencies: { readonly [I in keyof Args]: Token<Args[I]> },
  make: (...args: Args) => T | Promise<T>,
): FactoryProvider<T> {
  return {
    provide: as,
    inject: [...dependencies] as (symbol | (abstract new () => unknown))[],
    useFactory: (...args: unknown[]) => make(...(args as unknown as Args)),
  };
}
