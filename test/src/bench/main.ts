import { parseArgs } from 'node:util';
import { benchConnects } from './connects-bench.ts';
import { benchHandshakes } from './handshakes-bench.ts';
import { machineLine } from './machine.ts';
import { benchParser } from './parser-bench.ts';
import { benchRegistry, benchRegistryRebuild } from './registry-bench.ts';
import { benchStorm, STORMS } from './storm-bench.ts';
import { benchTraffic } from './traffic-bench.ts';

const write = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const { values } = parseArgs({
  options: {
    connect: { type: 'boolean' },
    handshakes: { type: 'boolean' },
    parser: { type: 'boolean' },
    rebuild: { type: 'boolean' },
    registry: { type: 'boolean' },
    storm: { type: 'boolean' },
    /** Of the storm. */
    devices: { type: 'string', default: '5000' },
    /** Of the storms these, by commas. */
    only: { type: 'string', default: STORMS.join(',') },
  },
});
const { connect, handshakes, parser, rebuild, registry, storm } = values;
const isAll = !connect && !handshakes && !parser && !rebuild && !registry && !storm;

write(`Measured on ${machineLine()}; every table in one run.\n`);
if (isAll) await benchTraffic(write);
if (isAll || connect) await benchConnects(write);
if (isAll || handshakes) await benchHandshakes(write);
if (isAll || parser) await benchParser(write);
if (isAll || registry) await benchRegistry(write);
if (storm) await benchStorm(write, Number(values.devices), values.only.split(','));
if (rebuild) await benchRegistryRebuild(write);
