// Runs on Node 20 with nothing installed: only node:* may be imported here.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const projectDirectory = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const inProject = (...parts) => join(projectDirectory, ...parts);

/** The Node that package.json pins: what runs everything but this script and its siblings. */
export const pinnedNode = inProject('node_modules', '.bin', 'node');

const OLDEST_NODE = 20;
const SIGN_OF_LIFE_MS = 10_000;
/** Signals that end us end what we run; the terminal sends Ctrl-C to all by itself, twice does no harm. */
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

let interrupted = false;
/** Whether somebody asked us to stop. */
export const isInterrupted = () => interrupted;

/** A thing that went wrong, in words for the person at the terminal. */
export class NotPrepared extends Error {}

/** Installs the dependencies unless those that package-lock.json names are there. */
export async function installDependencies() {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    throw new NotPrepared(
      `Node ${process.versions.node} is too old: Gatehouse needs Node ${OLDEST_NODE} or newer to start`,
    );
  }
  const reason = whyInstall();
  if (reason === undefined) return;
  console.log(`Installing dependencies (${reason}); this takes a minute or two`);
  const startedAt = Date.now();
  const alive = setInterval(() => {
    console.log(`  still installing (${seconds(startedAt)})`);
  }, SIGN_OF_LIFE_MS);
  const lines = [];
  const { command, args, env } = npm();
  const code = await run(command, [...args, 'ci', '--no-audit', '--no-fund'], { env }, (line) => {
    lines.push(line);
    // Deprecations and engine wishes of dependencies are nothing that the reader could act on.
    if (!/^npm (warn|notice)/i.test(line) && line.trim() !== '') console.log(`  ${line}`);
  }).finally(() => clearInterval(alive));
  if (code !== 0) {
    for (const line of lines) if (/^npm (warn|notice)/i.test(line)) console.error(`  ${line}`);
    throw new NotPrepared(
      `npm could not install the dependencies (it ended with ${code}); its words are above`,
    );
  }
  const missing = whyInstall();
  if (missing !== undefined) {
    throw new NotPrepared(`npm ran, and still the dependencies are not complete: ${missing}`);
  }
  console.log(`Dependencies installed in ${seconds(startedAt)}`);
}

/** Compiles what changed since the last time; a moment when nothing did. */
export async function buildProject() {
  if (!existsSync(inProject('infra', 'local', 'dist', 'main.js'))) console.log('Building');
  const services = readdirSync(inProject('services')).map((name) => join('services', name));
  const built = [...services, join('infra', 'local')].filter((folder) =>
    existsSync(inProject(folder, 'tsconfig.json')),
  );
  const lines = [];
  const compiler = inProject('node_modules', 'typescript', 'bin', 'tsc');
  const code = await run(pinnedNode, [compiler, '-b', ...built], {}, (line) => lines.push(line));
  if (code === 0) return;
  for (const line of lines) console.error(line);
  throw new NotPrepared('the sources do not compile; the compiler says above where');
}

/**
 * Runs a program to its end, with signals passed on to it.
 *
 * @param onLine gets every line of its output; without it the program writes to our terminal
 * @returns its exit code, or the name of the signal that ended it
 */
export function run(command, args, options = {}, onLine) {
  return new Promise((fulfil, reject) => {
    const child = spawn(command, args, {
      cwd: projectDirectory,
      stdio: onLine === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      ...options,
    });
    const forward = (signal) => {
      interrupted = true;
      child.kill(signal);
    };
    for (const signal of FORWARDED) process.on(signal, forward);
    const stopWatching = onParentGone(() => forward('SIGTERM'));
    if (onLine !== undefined) {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream }).on('line', onLine);
      }
    }
    const done = () => {
      stopWatching();
      for (const signal of FORWARDED) process.off(signal, forward);
    };
    child.once('error', (error) => {
      done();
      reject(error);
    });
    child.once('close', (code, signal) => {
      done();
      fulfil(signal ?? code ?? 1);
    });
  });
}

/** Runs `main`; what goes wrong is one line and exit code 1. */
export async function exitWith(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(error instanceof NotPrepared ? `Gatehouse cannot start: ${error.message}` : error);
    process.exitCode = 1;
  }
}

/** Why the installed dependencies are not the ones that are wanted; undefined when they are. */
function whyInstall() {
  const installed = readJson(inProject('node_modules', '.package-lock.json'))?.packages;
  if (installed === undefined || !existsSync(pinnedNode)) return 'none are here yet';
  const locked = readJson(inProject('package-lock.json'))?.packages;
  if (locked === undefined) throw new NotPrepared('package-lock.json is missing or cannot be read');
  for (const [path, entry] of Object.entries(locked)) {
    const isPackage = path.includes('node_modules/');
    if (isPackage && entry.link !== true && entry.optional !== true && entry.peer !== true) {
      if (installed[path]?.version !== entry.version) return `${nameOf(path)} is not ${entry.version}`;
    }
    if (!isPackage) {
      const missing = missingFor(path, installed);
      if (missing !== undefined) return `${missing} is not there`;
    }
  }
  return undefined;
}

/** The first dependency of a workspace that is not installed in the version that it names. */
function missingFor(workspace, installed) {
  const { dependencies = {}, devDependencies = {} } = readJson(inProject(workspace, 'package.json')) ?? {};
  const wanted = Object.entries({ ...dependencies, ...devDependencies });
  const [name, version] =
    wanted.find(([dependency, exact]) => {
      const found =
        installed[`${workspace}/node_modules/${dependency}`] ?? installed[`node_modules/${dependency}`];
      return found === undefined || (found.link !== true && found.version !== exact);
    }) ?? [];
  return name === undefined ? undefined : `${name} ${version}`;
}

const nameOf = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * npm under the Node that it came with. Were the pinned Node first on the PATH, as it is in `npm start`, npm
 * would run on a file that it is about to replace.
 */
function npm() {
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')) && !folder.endsWith('node-gyp-bin'))
    .join(delimiter);
  const env = { ...process.env, PATH: path };
  const script = process.env.npm_execpath;
  if (script?.endsWith('.js') !== true) return { command: 'npm', args: [], env };
  const own = process.env.npm_node_execpath;
  const command = own !== undefined && !own.startsWith(inProject('node_modules')) ? own : 'node';
  return { command, args: [script], env };
}

/** `npm start` may be killed in a way that it cannot tell us about: then our parent is another process. */
function onParentGone(react) {
  if (process.env.npm_lifecycle_event === undefined) return () => undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    react();
  }, 1_000);
  timer.unref();
  return () => clearInterval(timer);
}

const seconds = (since) => `${Math.round((Date.now() - since) / 1_000)} s`;
