import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { projectDirectory, runProgram } from '@gatehouse/local-servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { serviceCommandOf, type ServiceCommand } from '../service-command.ts';

let gatehouse: RunningGatehouse;
let parser: ServiceCommand;
beforeAll(async () => {
  gatehouse = await RunningGatehouse.start({
    environment: { DATABASE_PASSWORD: 'in-the-environment', AWS_SECRET_ACCESS_KEY: 'in-the-environment' },
  });
  parser = await serviceCommandOf(gatehouse, 'parser');
});
afterAll(() => gatehouse[Symbol.asyncDispose]());

/** The code of what `attempt` is refused with, in a process that is confined as the running parser is; or `done`. */
async function refusalOf(attempt: string): Promise<string> {
  const options = parser.arguments.slice(
    0,
    parser.arguments.findIndex((each) => each.endsWith('main.js')),
  );
  const program = `
    // What the parser does once its host of trials is there.
    process.permission.drop('child');
    import fs from 'node:fs'; import child from 'node:child_process'; import { Worker } from 'node:worker_threads';
    try { ${attempt}; console.log('done') } catch (error) { console.log(error.code) }`;
  const output = await runProgram(
    parser.command,
    [...options, '--input-type=module', '--eval', program],
    60_000,
  );
  return output.trim();
}

test('its environment holds its settings and none of the secrets', async () => {
  expect(Object.keys(parser.environment).filter((name) => !/^(OTEL_|PARSER_|NODE_|LC_)/.test(name))).toEqual(
    expect.arrayContaining(['NATS_URL', 'HTTP_PORT']),
  );
  const known =
    /^(PATH|HOME|LANG|LC_ALL|TZ|TMPDIR|NODE_\w+|UV_THREADPOOL_SIZE|OTEL_\w+|STREAM_\w+|PARSER_\w+|LOG_LEVEL|NATS_URL|HTTP_PORT)$/;
  expect(Object.keys(parser.environment).filter((name) => !known.test(name))).toEqual([]);
  const all = JSON.stringify([parser.environment, parser.arguments]);
  expect(all).not.toContain('in-the-environment');
  for (const secret of await secretsOf(gatehouse.dataDirectory)) expect(all).not.toContain(secret);
  expect(new URL(parser.environment['NATS_URL'] ?? '').username).toBe('parser');
});

test.each([
  ['write a file', `fs.writeFileSync('/tmp/from-the-parser', 'x')`],
  ['write beside its own code', `fs.writeFileSync(${JSON.stringify(join(projectDirectory, 'libs/x'))}, 'x')`],
  ['read the keys of Gatehouse', `fs.readFileSync(process.env.DATA_DIRECTORY + '/master-key')`],
  ['read the environment of other processes', `fs.readFileSync('/proc/' + process.ppid + '/environ')`],
  ['list a directory', `fs.readdirSync('/')`],
  ['start a process', `child.spawnSync('/bin/true')`],
  ['start a thread', `new Worker('1', { eval: true })`],
])('it is not let %s', async (_title, attempt) => {
  const place = JSON.stringify(gatehouse.dataDirectory);
  expect(await refusalOf(attempt.replace('process.env.DATA_DIRECTORY', place))).toBe('ERR_ACCESS_DENIED');
});

test('it reads its own code, or the tests before would prove nothing', async () => {
  const file = JSON.stringify(join(projectDirectory, 'services/parser/dist/main.js'));
  expect(await refusalOf(`fs.readFileSync(${file})`)).toBe('done');
});

test('scripts are tried all the same, by processes that its host starts', async () => {
  const { productKey } = await gatehouse.device();
  const answer = await gatehouse.api('POST', `/products/${productKey}/parsing/draft:try`, {
    topic: 'up',
    payload: '0x15',
    encoding: 'hex',
    code: 'function transformPayload(topic, rawData) { return { celsius: rawData[0] }; }',
  });
  expect(answer).toMatchObject({ status: 200, body: { outcome: 'parsed', result: { celsius: 21 } } });
});

/** What the data directory holds in files of one short line. */
async function secretsOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => join(directory, name));
  const texts = await Promise.all(
    [...files, join(directory, 'demo/api-key')].map((file) => readFile(file, 'utf8')),
  );
  const secrets = texts.map((text) => text.trim()).filter((text) => /^\S{16,200}$/.test(text));
  expect(secrets.length).toBeGreaterThanOrEqual(3);
  return secrets;
}
