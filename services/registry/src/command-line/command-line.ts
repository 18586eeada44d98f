import { parseArgs } from 'node:util';
import { CommandLineInvalid } from './command-line.failures.ts';

export const USAGE = `npm run registry -- <command> [flags]

  rebuild                make every view anew from the log; reads and writes go on
    --verify             only compare the views with what the log makes; exit code 1 when they differ
  rotate-master-key      seal every secret under GATEHOUSE_MASTER_KEY that is sealed under
                         GATEHOUSE_MASTER_KEY_PREVIOUS; can be stopped and started again
  help                   this text

  --data-dir <folder>    the database and the key of the Gatehouse that runs in the folder (npm start: .gatehouse);
                         without it DATABASE_URL and GATEHOUSE_MASTER_KEY of the environment`;

const COMMANDS = ['rebuild', 'rotate-master-key', 'help'] as const;

export interface CommandLine {
  readonly command: (typeof COMMANDS)[number];
  readonly verify: boolean;
  readonly dataDirectory: string | undefined;
}

/** @throws {CommandLineInvalid} naming the word that is wrong */
export function readCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parsed(args);
  const [word = 'help', ...more] = values.help === true ? ['help'] : positionals;
  const command = COMMANDS.find((each) => each === word);
  if (command === undefined) throw new CommandLineInvalid(`there is no command ${JSON.stringify(word)}`);
  if (more.length > 0) throw new CommandLineInvalid(`${command} takes no ${JSON.stringify(more[0])}`);
  if (values.verify === true && command !== 'rebuild') {
    throw new CommandLineInvalid(`--verify belongs to rebuild, not to ${command}`);
  }
  return { command, verify: values.verify === true, dataDirectory: values['data-dir'] };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        verify: { type: 'boolean' },
        'data-dir': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(/\.\s|\n/)[0] : String(error);
    throw new CommandLineInvalid(String(reason));
  }
}
