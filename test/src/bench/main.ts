import { machineLine } from './machine.ts';
import { benchRegistry, benchRegistryRebuild } from './registry-bench.ts';
import { benchTraffic } from './traffic-bench.ts';

const write = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

write(`Measured on ${machineLine()}; every table in one run.\n`);
if (process.argv.includes('--rebuild')) await benchRegistryRebuild(write);
else {
  if (!process.argv.includes('--registry')) await benchTraffic(write);
  await benchRegistry(write);
}
