import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { BoundedMap, LeastRecentlyUsedMap } from '@gatehouse/bounded-map';
import { OutboundBusy } from './outbound.failures.ts';

type Addresses = readonly LookupAddress[];

/** All addresses of a name, as getaddrinfo knows them. */
export type ResolveName = (hostname: string) => Promise<Addresses>;

interface LookUp {
  readonly asker: string;
  readonly isKnown: boolean;
  readonly addresses: Promise<Addresses>;
}

interface Waiting {
  readonly hostname: string;
  readonly asker: string;
  readonly begin: (addresses: Promise<Addresses>) => void;
}

const KNOWN_FOR_MS = 3_600_000;
const KNOWN_NAMES_OF_ASKER = 16;
const MAX_ASKERS = 10_000;
const MAX_WAITING = 2_000;
const MAX_WAITING_OF_ASKER = 100;

/**
 * A look-up by getaddrinfo holds a thread until it ends, 10 s and more where name servers do not answer, however
 * soon its caller gives up. So a name is looked up once at a time, and its asker is known. Of the places
 *
 * - names that have not resolved for their asker within the last hour get three in four; the rest is for those that
 *   have, so that dead and made-up names do not hold them up,
 * - one asker gets one in eight for the former, and as many for the latter,
 *
 * but at least one. Who needs another one waits for it, within limits.
 */
export class NameLookUps {
  readonly #unknownPlaces: number;
  readonly #placesOfAsker: number;
  /** By name. */
  readonly #underWay = new Map<string, LookUp>();
  /** The first to come first. */
  readonly #waiting = new Set<Waiting>();
  /** When names resolved; by asker, so that a flood of names makes no other asker's forgotten. */
  readonly #resolvedAt = new LeastRecentlyUsedMap<string, BoundedMap<string, number>>(MAX_ASKERS);

  /** @param places look-ups at once */
  constructor(
    private readonly resolve: ResolveName,
    private readonly places = lookUpThreads(process.env['UV_THREADPOOL_SIZE']),
  ) {
    this.#unknownPlaces = Math.max(1, Math.floor((places * 3) / 4));
    this.#placesOfAsker = Math.max(1, Math.floor(places / 8));
  }

  /**
   * @param asker whose names share a bounded part of the places
   * @param maxWaitMs how long a place is waited for
   * @throws {OutboundBusy} when the name was not looked up, and whatever `resolve` throws
   */
  async find(hostname: string, asker: string, maxWaitMs: number): Promise<Addresses> {
    try {
      const addresses = await (this.#begun(hostname, asker) ?? this.#inTurn(hostname, asker, maxWaitMs));
      this.#remember(hostname, asker);
      return addresses;
    } catch (error) {
      if (!(error instanceof OutboundBusy)) this.#resolvedAt.get(asker)?.delete(hostname);
      throw error;
    }
  }

  /** The look-up of the name, if it is under way or there is a place for it. */
  #begun(hostname: string, asker: string): Promise<Addresses> | undefined {
    const underWay = this.#underWay.get(hostname);
    if (underWay !== undefined) return underWay.addresses;
    const isKnown = this.#isKnown(hostname, asker);
    if (!this.#hasPlace(asker, isKnown)) return undefined;
    const addresses = this.resolve(hostname).finally(() => {
      this.#underWay.delete(hostname);
      this.#beginWaiting();
    });
    this.#underWay.set(hostname, { asker, isKnown, addresses });
    for (const waiting of this.#waiting) if (waiting.hostname === hostname) waiting.begin(addresses);
    return addresses;
  }

  #hasPlace(asker: string, isKnown: boolean): boolean {
    if (this.#underWay.size >= this.places) return false;
    const alike = [...this.#underWay.values()].filter((each) => each.isKnown === isKnown);
    if (!isKnown && alike.length >= this.#unknownPlaces) return false;
    return alike.filter((each) => each.asker === asker).length < this.#placesOfAsker;
  }

  #inTurn(hostname: string, asker: string, maxWaitMs: number): Promise<Addresses> {
    const reason = `${hostname} was not looked up: look-ups of other names take too long`;
    const ofAsker = [...this.#waiting].filter((each) => each.asker === asker).length;
    if (this.#waiting.size >= MAX_WAITING || ofAsker >= MAX_WAITING_OF_ASKER) {
      return Promise.reject(new OutboundBusy(hostname, reason));
    }
    const { promise, resolve, reject } = Promise.withResolvers<Addresses>();
    const leave = (): void => {
      clearTimeout(timer);
      this.#waiting.delete(waiting);
    };
    const begin = (addresses: Promise<Addresses>): void => {
      leave();
      resolve(addresses);
    };
    const timer = setTimeout(() => {
      leave();
      reject(new OutboundBusy(hostname, reason));
    }, maxWaitMs);
    const waiting: Waiting = { hostname, asker, begin };
    this.#waiting.add(waiting);
    return promise;
  }

  /** One that must wait on does not hold up those behind it, who may be others' or known. */
  #beginWaiting(): void {
    for (const { hostname, asker } of this.#waiting) {
      if (this.#underWay.size >= this.places) return;
      void this.#begun(hostname, asker);
    }
  }

  #isKnown(hostname: string, asker: string): boolean {
    const resolvedAt = this.#resolvedAt.get(asker)?.get(hostname);
    return resolvedAt !== undefined && performance.now() - resolvedAt < KNOWN_FOR_MS;
  }

  #remember(hostname: string, asker: string): void {
    const names = this.#resolvedAt.get(asker) ?? new BoundedMap<string, number>(KNOWN_NAMES_OF_ASKER);
    names.set(hostname, performance.now());
    this.#resolvedAt.set(asker, names);
  }
}

/** libuv lets getaddrinfo have half of its threads, rounded up, and reads their number once, when it starts them. */
function lookUpThreads(poolSize = '4'): number {
  const threads = Math.min(1_024, Math.max(1, Number.parseInt(poolSize, 10) || 1));
  return Math.ceil(threads / 2);
}

/** The one of this process. */
export const systemNames = new NameLookUps((hostname) => lookup(hostname, { all: true }));
