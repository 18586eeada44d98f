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
import { loadDeviceStates } from './device-states.ts';
import type { DeviceQueries } from './device-views.queries.ts';
import { deviceDecider, type DeviceCommand } from './device.decider.ts';
import type { PresenceOutcome, PresenceRecorder } from './presence-recorder.ts';

type CommandOnDevice = Exclude<DeviceCommand, { type: 'ImportDevice' | 'RecordPresence' }>;

export class DeviceCommands {
  constructor(
    private readonly transactions: CommandTransactions,
    private readonly queries: DeviceQueries,
    private readonly importer: DeviceImporter,
    private readonly presence: PresenceRecorder,
  ) {}

  /**
   * All or nothing. A dry run answers with the errors and imports nothing; a real one refuses.
   *
   * @throws {ProductNotFound | ImportTooLarge | ImportRowsInvalid}
   */
  async import(
    productKey: string,
    rows: readonly ImportRow[],
    { dryRun }: { readonly dryRun: boolean },
    context: CommandContext,
  ): Promise<ImportResult> {
    if (!dryRun) return this.importer.import(productKey, rows, context);
    const errors = await this.importer.check(productKey, rows, context.actor);
    return { dryRun, rows: rows.length, imported: 0, errors };
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
    await this.transactions.run(
      { name: command.type, input: command, answer: z.null() },
      context,
      async (attempt) => {
        await decideOnDevice(attempt, command);
        await attempt.db
          .deleteFrom('device_secret')
          .where('product_key', '=', productKey)
          .where('device_name', '=', deviceName)
          .execute();
        return null;
      },
    );
  }

  /** A live connection goes on; the next CONNECT needs the new password. */
  async replaceCredentials(
    productKey: string,
    deviceName: string,
    password: string,
    context: CommandContext,
  ): Promise<DeviceView> {
    const command = { type: 'ReplaceDeviceCredentials', productKey, deviceName } as const;
    const hash = JSON.stringify(await hashPassword(devicePassword.parse(password)));
    const description = { name: command.type, input: { ...command, password }, answer: deviceView };
    return this.transactions.run(description, context, async (attempt) => {
      await decideOnDevice(attempt, command);
      await attempt.db
        .updateTable('device_secret')
        .set({ password: hash })
        .where('product_key', '=', productKey)
        .where('device_name', '=', deviceName)
        .execute();
      return this.queries.get(productKey, deviceName, attempt.db);
    });
  }

  /** Idempotent: a report that comes again changes nothing. */
  recordPresence(reports: readonly PresenceReport[]): Promise<PresenceOutcome> {
    return this.presence.record(reports);
  }

  #change(command: CommandOnDevice, context: CommandContext): Promise<DeviceView> {
    const description = { name: command.type, input: command, answer: deviceView };
    return this.transactions.run(description, context, async (attempt) => {
      await decideOnDevice(attempt, command);
      return this.queries.get(command.productKey, command.deviceName, attempt.db);
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
