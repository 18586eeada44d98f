import type { RunningGatehouse } from '../running-gatehouse.ts';

/** What the first edge says of itself. */
export class EdgeMetricsReader {
  private constructor(private readonly url: string) {}

  static async of(gatehouse: RunningGatehouse): Promise<EdgeMetricsReader> {
    const { processes } = await gatehouse.runFile();
    const edge = processes.find(({ name }) => name.startsWith('edge'));
    if (edge?.url === undefined) throw new Error('there is no edge');
    return new EdgeMetricsReader(edge.url);
  }

  /** In seconds since it was read last: median, 99th percentile, longest. */
  async eventLoopDelay(): Promise<number[]> {
    const text = await this.#text();
    return ['0.5', '0.99', '1'].map((quantile) =>
      valueOf(
        text,
        new RegExp(`^gatehouse_event_loop_delay\\{[^}]*quantile="${quantile}"[^}]*\\} (\\S+)`, 'm'),
      ),
    );
  }

  async sessions(): Promise<number> {
    return valueOf(await this.#text(), /^gatehouse_edge_sessions\S* (\S+)/m);
  }

  async #text(): Promise<string> {
    return (await fetch(`${this.url}/metrics`)).text();
  }
}

function valueOf(text: string, line: RegExp): number {
  return Number(line.exec(text)?.[1] ?? Number.NaN);
}
