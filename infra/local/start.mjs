#!/usr/bin/env node
// `npm start`: needs Node 20 or newer and npm, brings everything else, and runs Gatehouse.
import { buildProject, exitWith, installDependencies, pinnedNode, run } from './prepare-checkout.mjs';

await exitWith(async () => {
  await installDependencies();
  await buildProject();
  const ended = await run(pinnedNode, ['infra/local/dist/main.js', ...process.argv.slice(2)], {
    // The channel tells the program when this script is gone, whatever ended it.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  return typeof ended === 'number' ? ended : 1;
});
