import type { z } from 'zod';

const TIMEOUT_MS = 15_000;

/** The API refused, in its own words. */
export class ApiRefused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

/** The HTTP API as any user sees it. */
export class ApiClient {
  constructor(
    /** `http://127.0.0.1:8080` */
    readonly baseUrl: string,
    private readonly apiKey: string,
  ) {}

  /**
   * @throws {ApiRefused}
   * @throws {z.ZodError} the answer is not what the contract says
   */
  async call<Answer extends z.ZodType>(
    answer: Answer,
    method: 'GET' | 'POST' | 'PUT' | 'PATCH',
    path: string,
    body?: unknown,
  ): Promise<z.infer<Answer>> {
    const response = await fetch(`${this.baseUrl}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw refusalOf(response.status, text);
    return answer.parse(JSON.parse(text));
  }
}

function refusalOf(status: number, text: string): ApiRefused {
  try {
    const { code, detail } = JSON.parse(text) as { code?: string; detail?: string };
    return new ApiRefused(status, code ?? '', `${detail ?? text} (${code ?? status})`);
  } catch {
    return new ApiRefused(status, '', `the API answered ${status}`);
  }
}
