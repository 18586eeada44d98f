import {
  devicePassword,
  deviceView,
  type DeviceView,
  type ImportResult,
  type PresenceReport,
} from '@gatehouse/contracts';
import { z } from 'zod';
import type { CommandContext } from '../commands/command-context.ts';
import type { CommandAttempt, CommandTransactions } from '../commands/command-transactions.ts';
import { hashPassword } from '../secrets/password-hasher.ts';
import { deviceStream } from '../stream-names.ts';
import type { DeviceImporter } from './device-importer.ts';
import type { ImportRow } from './device-import.ts';
import { deviceKeyText } from './device-rows.ts';
import type { DeviceSecrets } from './device-secrets.ts';
import { loadDeviceStates } from './device-states.ts';
import type { DeviceQueries } from './device-views.queries.ts';
import { deviceDecider, type DeviceCommand } from './device.decider.ts';
import type { PresenceOutcome, PresenceRecorder } from './presence-recorder.ts';

type CommandOnDevice = Exclude<DeviceCommand, { type: 'ImportDevice' | 'CreateDevice' | 'RecordPresence' }>;

export interface DeviceCommandsParts {
  readonly transactions: CommandTransactions;
  readonly queries: DeviceQueries;
  readonly secrets: DeviceSecrets;
  readonly importer: DeviceImporter;
  readonly presence: PresenceRecorder;
}

export interface CredentialsReplacement {
  readonly device: DeviceView;
  /** Answered as an earlier command with its Idempotency-Key was; nothing was replaced. */
  readonly isRepeated: boolean;
}

export class DeviceCommands {
  constructor(private readonly parts: DeviceCommandsParts) {}

  /**
   * All or nothing. A dry run answers with the errors and imports nothing; a real one refuses.
   *
   * @throws {ProductNotFound | ImportEmpty | ImportTooLarge | ImportRowsInvalid | ImportsExceeded}
   */
  import(
    productKey: string,
    rows: readonly ImportRow[],
    options: { readonly dryRun: boolean },
    context: CommandContext,
  ): Promise<ImportResult> {
    return this.parts.importer.import(productKey, rows, options, context);
  }

  /** @throws {DeviceNotFound} as all of the following */
  disable(productKey: string, deviceName: string, context: CommandContext): Promise<DeviceView> {
    return this.#change({ type: 'DisableDevice', productKey, deviceName }, context);
  }

  enable(productKey: string, deviceName: string, context: CommandContext): Promise<DeviceView> {
    return this.#change({ type: 'EnableDevice', productKey, deviceName }, context);
  }

  async delete(productKey: string, deviceName: string, context: CommandContext): Promise<void> {
    const command = { type: 'DeleteDevice', productKey, deviceName } as const;
    await this.parts.transactions.run(
      { name: command.type, input: command, answer: z.null() },
      context,
      async (attempt) => {
        await decideOnDevice(attempt, command);
        await this.parts.secrets.forget(attempt.db, command);
        return null;
      },
    );
  }

  /** The next CONNECT needs the new password. Whoever calls it ends the live connection. */
  async replaceCredentials(
    productKey: string,
    deviceName: string,
    password: string,
    context: CommandContext,
  ): Promise<CredentialsReplacement> {
    const command = { type: 'ReplaceDeviceCredentials', productKey, deviceName } as const;
    const secret = this.parts.secrets.seal(command, await hashPassword(devicePassword.parse(password)));
    const description = { name: command.type, input: { ...command, password }, answer: deviceView };
    let isRepeated = true;
    const device = await this.parts.transactions.run(description, context, async (attempt) => {
      isRepeated = false;
      await decideOnDevice(attempt, command);
      await this.parts.secrets.replace(attempt.db, command, secret);
      return this.parts.queries.get(productKey, deviceName, attempt.db);
    });
    return { device, isRepeated };
  }

  /** Idempotent: a report that comes again changes nothing. */
  recordPresence(reports: readonly PresenceReport[]): Promise<PresenceOutcome> {
    return this.parts.presence.record(reports);
  }

  #change(command: CommandOnDevice, context: CommandContext): Promise<DeviceView> {
    const description = { name: command.type, input: command, answer: deviceView };
    return this.parts.transactions.run(description, context, async (attempt) => {
      await decideOnDevice(attempt, command);
      return this.parts.queries.get(command.productKey, command.deviceName, attempt.db);
    });
  }
}

async function decideOnDevice(attempt: CommandAttempt, command: CommandOnDevice): Promise<void> {
  const { productKey, deviceName } = command;
  const states = await loadDeviceStates(attempt.db, [command]);
  const { state, version } = states.get(deviceKeyText(command)) ?? {
    state: deviceDecider.initialState,
    version: 0,
  };
  const events = deviceDecider.decide(command, state);
  await attempt.append({ streamId: deviceStream(productKey, deviceName), expectedVersion: version, events });
}
