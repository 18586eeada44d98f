#!/usr/bin/env node
// `npm test`: prepares the checkout as `npm start` does, then runs every check and test. The last line counts.
//   npm run test:long   the faults and conformance tests that take minutes
//   npm run bench       the figures of docs/performance.md
import { readFileSync, rmSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  exitWith,
  installDependencies,
  isInterrupted,
  NotPrepared,
  pinnedNode,
  projectDirectory,
  run,
} from './prepare-checkout.mjs';

const CACHE = join(projectDirectory, '.cache');
const inModules = (...parts) => join(projectDirectory, 'node_modules', ...parts);

/** Run by Nx, which remembers what it has checked and found good; each counts as one. */
const STATIC_CHECKS = ['format:check', 'lint', 'build', 'boundaries', 'unused'];
const TEST_PROJECTS = ['unit', 'integration', 'end-to-end'];

/** Thrown between two steps. */
class Interrupted extends Error {}

const totals = { passed: 0, failed: 0, skipped: 0 };

await exitWith(process.argv.includes('--bench') ? bench : testAll);

async function testAll() {
  try {
    await installDependencies();
    mkdirSync(CACHE, { recursive: true });
    if (process.argv.includes('--long')) await test('long');
    else await checkAll();
  } catch (error) {
    if (!(error instanceof Interrupted)) {
      console.error(error instanceof NotPrepared ? error.message : error);
      count(false);
    }
  }
  if (isInterrupted()) {
    console.log('interrupted');
    count(false);
  }
  const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
  console.log(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
  return totals.failed === 0 ? 0 : 1;
}

async function checkAll() {
  for (const name of STATIC_CHECKS) {
    const isGood = await step(name, () =>
      program(inModules('nx', 'dist', 'bin', 'nx.js'), ['run', `gatehouse:${name}`]),
    );
    count(isGood);
    // Tests of sources that do not compile would say the same thing a hundred times.
    if (!isGood && name === 'build') return;
  }
  count(await step('generated files', () => program('infra/checks/dist/write-generated.js', ['--check'])));
  for (const project of TEST_PROJECTS) await test(project);
}

/** Runs one project of vitest.config.ts and adds up what it reports. */
async function test(project) {
  const report = join(CACHE, `${project}-tests.json`);
  rmSync(report, { force: true });
  const isGood = await step(`${project} tests`, () =>
    program(inModules('vitest', 'vitest.mjs'), [
      'run',
      `--project=${project}`,
      '--reporter=default',
      '--reporter=json',
      `--outputFile=${report}`,
    ]),
  );
  const found = readReport(report);
  totals.passed += found.numPassedTests;
  totals.failed += found.numFailedTests;
  totals.skipped += found.numPendingTests + found.numTodoTests;
  // A file that cannot be loaded, or a run without a test, fails without a failed test.
  if (found.numFailedTests === 0 && (!isGood || found.numPassedTests === 0)) count(false);
}

async function bench() {
  await installDependencies();
  if (!(await step('build', () => program(inModules('typescript', 'bin', 'tsc'), ['-b'])))) return 1;
  return (await program(
    'test/dist/bench/main.js',
    process.argv.slice(2).filter((flag) => flag !== '--bench'),
  )) === 0
    ? 0
    : 1;
}

async function step(name, work) {
  const startedAt = Date.now();
  console.log(`\n── ${name}`);
  const isGood = (await work()) === 0;
  if (isInterrupted()) throw new Interrupted();
  console.log(
    `── ${name}: ${isGood ? 'good' : 'FAILED'} (${((Date.now() - startedAt) / 1_000).toFixed(1)} s)`,
  );
  return isGood;
}

function program(script, args) {
  return run(pinnedNode, [script, ...args], {
    env: {
      ...process.env,
      NX_DAEMON: 'false',
      NX_TUI: 'false',
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

function count(isGood) {
  totals[isGood ? 'passed' : 'failed'] += 1;
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  }
}
