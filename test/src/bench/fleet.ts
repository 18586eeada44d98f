import { ProgramProcess } from '../program-process.ts';
import type { MqttLoad } from './mqtt-load.ts';

/** Devices in a process of their own. */
export class Fleet extends ProgramProcess<MqttLoad> {
  constructor() {
    super('bench/mqtt-load.js');
  }
}
