import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunningGatehouse, type ApiAnswer } from './running-gatehouse.ts';
import { databasePlaces, filePlaces, type SearchedPlace } from './secret-search.ts';

/** A Gatehouse that logs all there is to log, and whose every place can be looked through for secrets. */
export class SearchedGatehouse implements AsyncDisposable {
  readonly #answers: string[] = [];

  private constructor(
    readonly gatehouse: RunningGatehouse,
    private readonly lines: readonly string[],
  ) {}

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<SearchedGatehouse> {
    const lines: string[] = [];
    const gatehouse = await RunningGatehouse.start({
      environment: { ...environment, GATEHOUSE_LOG_LEVEL: 'trace' },
      onLine: (line) => lines.push(line),
    });
    return new SearchedGatehouse(gatehouse, lines);
  }

  /** The answer is a place too. */
  async call(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const answer = await this.gatehouse.api(method, path, body);
    this.#answers.push(JSON.stringify(answer.body));
    return answer;
  }

  async callRaw(path: string, request: RequestInit): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.gatehouse.httpPort}/api/v1${path}`, request);
    this.#answers.push(await response.text());
    return response.status;
  }

  async databaseUrl(): Promise<string> {
    return (await readFile(join(this.gatehouse.dataDirectory, 'database-url'), 'utf8')).trim();
  }

  async everyPlace(): Promise<SearchedPlace[]> {
    return [
      ...(await databasePlaces(await this.databaseUrl())),
      ...(await filePlaces(join(this.gatehouse.dataDirectory, 'nats'))),
      ...(await this.#metrics()),
      { name: 'log lines', content: Buffer.from(this.lines.join('\n')) },
      { name: 'answers of the API', content: Buffer.from(this.#answers.join('\n')) },
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gatehouse[Symbol.asyncDispose]();
  }

  async #metrics(): Promise<SearchedPlace[]> {
    const { processes } = await this.gatehouse.runFile();
    return Promise.all(
      processes
        .filter(({ url }) => url !== undefined)
        .map(async ({ name, url }) => ({
          name: `metrics of ${name}`,
          content: Buffer.from(await (await fetch(`${url}/metrics`)).text()),
        })),
    );
  }
}
