import { readdirSync, readFileSync } from 'node:fs';
import type { Decider } from '@gatehouse/decider';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { authorityDecider } from '../authority/authority.decider.ts';
import { authorityEvent } from '../authority/authority.events.ts';
import { deviceDecider } from '../device/device.decider.ts';
import { deviceEvent } from '../device/device.events.ts';
import { gatewayDecider } from '../gateway/gateway.decider.ts';
import { gatewayEvent } from '../gateway/gateway.events.ts';
import { issuedCertificateDecider } from '../issued-certificate/issued-certificate.decider.ts';
import { issuedCertificateEvent } from '../issued-certificate/issued-certificate.events.ts';
import { apiKeyDecider } from '../operator/api-key.decider.ts';
import { apiKeyEvent } from '../operator/api-key.events.ts';
import { parsingScriptDecider } from '../parsing-script/parsing-script.decider.ts';
import { parsingScriptEvent } from '../parsing-script/parsing-script.events.ts';
import { productDecider } from '../product/product.decider.ts';
import { productEvent } from '../product/product.events.ts';
import { registryUpcasters } from './registry-upcasters.ts';

/** An event as some version of the registry stored it: never edited, because logs hold events like it. */
const frozenEvent = z.strictObject({
  type: z.string(),
  schemaVersion: z.int().positive(),
  data: z.record(z.string(), z.unknown()),
});

interface EventSchema<Event> {
  readonly options: readonly { readonly shape: { readonly type: { readonly value: string } } }[];
  parse(event: unknown): Event;
}

function aggregate<Event, State>(
  folder: string,
  schema: EventSchema<Event>,
  decider: Pick<Decider<never, Event, State>, 'initialState' | 'evolve'>,
) {
  const directory = new URL(`../${folder}/frozen-events/`, import.meta.url);
  return {
    folder,
    types: schema.options.map(({ shape }) => shape.type.value),
    files: readdirSync(directory),
    read: (file: string) => frozenEvent.parse(JSON.parse(readFileSync(new URL(file, directory), 'utf8'))),
    evolveBy: (event: unknown) => decider.evolve(decider.initialState, schema.parse(event)),
  };
}

const aggregates = [
  aggregate('gateway', gatewayEvent, gatewayDecider),
  aggregate('product', productEvent, productDecider),
  aggregate('device', deviceEvent, deviceDecider),
  aggregate('parsing-script', parsingScriptEvent, parsingScriptDecider),
  aggregate('authority', authorityEvent, authorityDecider),
  aggregate('issued-certificate', issuedCertificateEvent, issuedCertificateDecider),
  aggregate('operator', apiKeyEvent, apiKeyDecider),
];

test.each(aggregates)('every version of every event of $folder has a frozen sample', ({ types, files }) => {
  const needed = types.flatMap((type) =>
    Array.from({ length: registryUpcasters.newestVersion(type) }, (_, index) => `${type}.v${index + 1}.json`),
  );
  expect(new Set(files)).toEqual(new Set(needed));
});

const samples = aggregates.flatMap(({ files, read, evolveBy }) =>
  files.map((file) => ({ file, read, evolveBy })),
);

test.each(samples)('$file is read and folded by what runs today', ({ file, read, evolveBy }) => {
  const stored = read(file);
  expect(`${stored.type}.v${stored.schemaVersion}.json`).toBe(file);
  const { type, data, schemaVersion } = registryUpcasters.upcast(stored);
  expect(schemaVersion).toBe(registryUpcasters.newestVersion(type));
  expect(() => evolveBy({ type, data })).not.toThrow();
});

test('a type of event belongs to one aggregate', () => {
  const types = aggregates.flatMap((each) => each.types);
  expect(types.filter((type, index) => types.indexOf(type) !== index)).toEqual([]);
});
