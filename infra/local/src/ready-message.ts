import { relative } from 'node:path';
import type { DemoDevice } from './demo/demo-files.ts';

export interface ReadyFacts {
  /** `http://127.0.0.1:8080` */
  readonly apiUrl: string;
  /** Undefined when the user has deleted the demo. */
  readonly device: DemoDevice | undefined;
  readonly caFile: string;
  readonly apiKeyFile: string;
  /** The port that was asked for; the demo gateway may have another one since its creation. */
  readonly mqttPort: number;
  readonly hasMosquitto: boolean;
  readonly projectDirectory: string;
}

/** What a newcomer reads when all is up; the lines to paste work from the project's folder. */
export function readyMessage(facts: ReadyFacts): string {
  const { apiUrl, device } = facts;
  const path = (file: string): string => shellWord(shortest(file, facts.projectDirectory));
  const key = `$(cat ${path(facts.apiKeyFile)})`;
  const lines = ['Gatehouse is ready', '', `  HTTP API   ${apiUrl}/api/docs`];
  if (device === undefined) {
    lines.push('', '  The demo gateway was deleted; npm start -- --fresh starts over with a new one.');
    return lines.join('\n');
  }
  const { host, port, username, password, clientId, productKey } = device;
  lines.push(`  Gateway    mqtts://${host}:${port}`);
  if (port !== facts.mqttPort) {
    lines.push(`             (a gateway keeps its port: ${facts.mqttPort} would be that of a new one)`);
  }
  lines.push(
    '',
    '  See what arrives, in one terminal:',
    `  curl -sN ${apiUrl}/api/v1/products/${productKey}/messages/stream -H "Authorization: Bearer ${key}"`,
    '',
    '  Send a message as a device, in another:',
    `  mosquitto_pub --cafile ${path(facts.caFile)} -h ${host} -p ${port} -u ${username} -P ${password} ` +
      `-i ${clientId} -t up/temperature -q 1 -m 21.5`,
  );
  if (!facts.hasMosquitto) {
    lines.push(
      '',
      '  mosquitto_pub is not installed: apt install mosquitto-clients (Debian, Ubuntu),',
      '  brew install mosquitto (macOS), or https://mosquitto.org/download',
    );
  }
  lines.push('', '  Ctrl-C stops everything.');
  return lines.join('\n');
}

function shortest(file: string, projectDirectory: string): string {
  const short = relative(projectDirectory, file);
  return short.startsWith('..') ? file : short;
}

function shellWord(text: string): string {
  return /^[A-Za-z0-9_./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
