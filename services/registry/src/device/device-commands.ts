import type { DeviceView, ImportResult, PresenceReport } from '@gatehouse/contracts';
import type { CommandContext } from '../commands/command-context.ts';
import type { ImportRow } from './device-import.ts';

/** What became of presence reports: written as events, or of no effect (repeated, outdated, unknown device). */
export interface PresenceOutcome {
  readonly recorded: number;
  readonly ignored: number;
}

export class DeviceCommands {
  /**
   * All or nothing. A dry run answers with the errors; a real one refuses.
   *
   * @throws {ProductNotFound | ImportTooLarge | ImportRowsInvalid}
   */
  async import(
    productKey: string,
    rows: readonly ImportRow[],
    options: { readonly dryRun: boolean },
    context: CommandContext,
  ): Promise<ImportResult> {
    throw new Error(`${productKey} ${rows.length} ${options.dryRun} ${context.actor}`);
  }

  async disable(productKey: string, deviceName: string, context: CommandContext): Promise<DeviceView> {
    throw new Error(`${productKey} ${deviceName} ${context.actor}`);
  }

  async enable(productKey: string, deviceName: string, context: CommandContext): Promise<DeviceView> {
    throw new Error(`${productKey} ${deviceName} ${context.actor}`);
  }

  async delete(productKey: string, deviceName: string, context: CommandContext): Promise<void> {
    throw new Error(`${productKey} ${deviceName} ${context.actor}`);
  }

  async replaceCredentials(
    productKey: string,
    deviceName: string,
    password: string,
    context: CommandContext,
  ): Promise<DeviceView> {
    throw new Error(`${productKey} ${deviceName} ${password.length} ${context.actor}`);
  }

  /** Idempotent: a repeated report changes nothing. */
  async recordPresence(reports: readonly PresenceReport[]): Promise<PresenceOutcome> {
    throw new Error(`${reports.length}`);
  }
}
