import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectDirectory } from '@gatehouse/local-servers';

/** What can be asked of a program, by name. */
type Operations = Readonly<Record<string, (options: never) => unknown>>;

type Answer = { readonly result?: unknown } | { readonly failure: string };

/** A program of the tests in a process of its own, so that its CPU is nobody else's; asked over IPC. */
export class ProgramProcess<Program extends Operations> implements AsyncDisposable {
  readonly #child: ChildProcess;

  /**
   * @param file in which {@link answerParent} is called, below test/dist
   * @param leadsSession whether it begins a session of its own
   */
  constructor(file: string, { leadsSession = false } = {}) {
    this.#child = fork(join(projectDirectory, 'test/dist', file), {
      execArgv: [],
      detached: leadsSession,
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** One at a time. */
  async ask<Name extends keyof Program & string>(
    operation: Name,
    ...[options]: Parameters<Program[Name]>
  ): Promise<Awaited<ReturnType<Program[Name]>>> {
    const answered = once(this.#child, 'message') as Promise<[Answer]>;
    this.#child.send({ operation, options });
    const [answer] = await answered;
    if ('failure' in answer) throw new Error(`${operation} failed: ${answer.failure}`);
    return answer.result as Awaited<ReturnType<Program[Name]>>;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}

/** The program's side: does what it is asked, and ends with whoever asks. */
export function answerParent(program: Operations): void {
  const answer = async (operation: string, options: never): Promise<void> => {
    const result = await program[operation]?.(options);
    process.send?.({ result } satisfies Answer);
  };
  process.on('message', ({ operation, options }: { operation: string; options: never }) => {
    answer(operation, options).catch(failToParent);
  });
  process.on('disconnect', () => process.exit(0));
}

/** What is under way fails; for what goes wrong outside of an answer. */
export function failToParent(error: unknown): void {
  process.send?.({ failure: error instanceof Error ? error.message : String(error) } satisfies Answer);
}
