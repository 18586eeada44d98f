import { CountedTotal } from '@gatehouse/observability';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { IsolateSandboxes } from './isolate-sandbox.ts';
import { ScriptFailure } from './script-failure.ts';

const sandboxes = new IsolateSandboxes(
  { timeoutMs: 1_000, memoryMb: 32, maxResultBytes: 1_000_000 },
  { scriptCpuSeconds: new CountedTotal('test.script_cpu', ''), onIsolateLost: () => undefined },
);

async function valueOf(expression: string): Promise<unknown> {
  const sandbox = sandboxes.open(`function transformPayload() { return { value: ${expression} } }`);
  const [outcome] = await sandbox.run([{ topic: 'up', payload: new Uint8Array() }]);
  sandbox.retire();
  if (outcome === undefined || outcome instanceof ScriptFailure) return outcome?.message;
  return JSON.parse(Buffer.from(outcome).toString()).value;
}

const DECODERS = [
  ['utf-8', {}],
  ['utf-8', { fatal: true }],
  ['utf-8', { ignoreBOM: true }],
  ['utf-8', { fatal: true, ignoreBOM: true }],
  ['utf-16le', {}],
  ['utf-16le', { fatal: true }],
  ['utf-16be', {}],
  ['latin1', {}],
] as const;

/** What every decoder makes of some bytes: text as code units, so that lone surrogates are compared too. */
const ALL = `
  const DECODERS = ${JSON.stringify(DECODERS)};
  const unitsOf = (text) => Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
  const decoded = (bytes) => DECODERS.map(([label, options]) => {
    try { return unitsOf(new TextDecoder(label, options).decode(bytes)) } catch (error) { return error.name }
  });`;
const inside = sandboxes.open(`
  ${ALL}
  function transformPayload(topic, rawData) {
    const bytes = Uint8Array.from(rawData);
    const streamed = new TextDecoder();
    const cut = Number(topic);
    return {
      decoded: decoded(bytes),
      streamed: unitsOf(
        streamed.decode(bytes.subarray(0, cut), { stream: true }) + streamed.decode(bytes.subarray(cut))
      ),
      base64: btoa(String.fromCharCode(...bytes)),
      back: Array.from(atob(btoa(String.fromCharCode(...bytes))), (c) => c.charCodeAt(0)),
      encoded: Array.from(new TextEncoder().encode(new TextDecoder('utf-16le').decode(bytes))),
    };
  }`);
afterAll(() => inside.retire());

const outside = (bytes: Uint8Array): unknown =>
  DECODERS.map(([label, options]) => {
    try {
      const text = new TextDecoder(label, options).decode(bytes);
      return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
    } catch (error) {
      return error instanceof Error ? error.name : undefined;
    }
  });

/** Bytes at random are rarely nearly right: most sequences here are of the kind that decoders differ on. */
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc.string({ unit: 'binary', maxLength: 4 }).map((text) => new TextEncoder().encode(text)),
      fc.constantFrom(
        ...['efbbbf', 'eda080', 'f0908080', 'f4908080', 'c080', 'e0a0', 'f09f98', 'fffe', 'feff', '3dd8'].map(
          (hex) => Uint8Array.from(Buffer.from(hex, 'hex')),
        ),
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Uint8Array.from(Buffer.concat(parts)));

test('any bytes are decoded as Node decodes them, whole or in two parts', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(bytes, fc.nat(20)), { minLength: 1, maxLength: 50 }),
      async (samples) => {
        const outcomes = await inside.run(samples.map(([payload, cut]) => ({ topic: String(cut), payload })));
        const results = outcomes.map((outcome) =>
          outcome instanceof ScriptFailure ? outcome : JSON.parse(Buffer.from(outcome).toString()),
        );
        expect(results).toEqual(
          samples.map(([payload]) => ({
            decoded: outside(payload),
            streamed: (outside(payload) as unknown[])[0],
            base64: Buffer.from(payload).toString('base64'),
            back: Array.from(payload),
            encoded: Array.from(new TextEncoder().encode(new TextDecoder('utf-16le').decode(payload))),
          })),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test.each([
  ['new TextDecoder().encoding', 'utf-8'],
  ['new TextDecoder(" UTF8 ").decode(Uint8Array.of(0xe6, 0xb8, 0xa9))', '温'],
  ['new TextDecoder().decode()', ''],
  ['new TextDecoder().decode(new TextEncoder().encode("x".repeat(20000))).length', 20_000],
  ['new TextDecoder().decode(new DataView(Uint8Array.of(65, 66, 67).buffer, 1))', 'BC'],
  ['new TextDecoder().decode(Uint8Array.of(65, 66).buffer)', 'AB'],
  ['new TextEncoder().encodeInto("a温b", new Uint8Array(4))', { read: 2, written: 4 }],
  ['Array.from(new TextEncoder().encode("\\ud800"))', [0xef, 0xbf, 0xbd]],
  ['atob(" aGk= ")', 'hi'],
  ['atob("aGk")', 'hi'],
  ['typeof structuredClone + typeof setTimeout + typeof fetch', 'undefinedundefinedundefined'],
  ['Object.keys(globalThis).includes("TextDecoder")', false],
  ['String(2n ** 64n)', '18446744073709551616'],
  ['new DataView(Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 0).buffer).getBigUint64(0).toString()', '256'],
])('%s', async (expression, expected) => {
  expect(await valueOf(expression)).toEqual(expected);
});

test.each([
  ['atob("a")', 'InvalidCharacterError: atob: the text is not correctly encoded base64'],
  ['atob("a===")', 'InvalidCharacterError: atob: the text is not correctly encoded base64'],
  [
    'btoa("温")',
    'InvalidCharacterError: btoa: the text holds characters above U+00FF; encode it by TextEncoder first',
  ],
  [
    'new TextDecoder().decode([65])',
    'TypeError: TextDecoder.decode takes a Uint8Array or another view of bytes; for an array write decode(Uint8Array.from(rawData))',
  ],
  [
    'new TextDecoder("gbk")',
    'RangeError: The "gbk" encoding is not supported: utf-8, utf-16le, utf-16be and windows-1252 (latin1) are',
  ],
  [
    'new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.of(255))',
    'TypeError: The encoded data was not valid for its encoding',
  ],
])('%s is told plainly', async (expression, expected) => {
  expect(await valueOf(expression)).toBe(expected);
});

test('a script may bring its own', async () => {
  const sandbox = sandboxes.open(
    'const TextDecoder = 1; let atob = 2; function transformPayload() { return { TextDecoder, atob } }',
  );
  const [outcome] = await sandbox.run([{ topic: 'up', payload: new Uint8Array() }]);
  expect(JSON.parse(Buffer.from(outcome as Uint8Array).toString())).toEqual({ TextDecoder: 1, atob: 2 });
  sandbox.retire();
});
