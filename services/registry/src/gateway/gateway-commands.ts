import type { GatewayInput, GatewayPatch, GatewayView } from '@gatehouse/contracts';
import type { CommandContext } from '../commands/command-context.ts';

export class GatewayCommands {
  async create(input: GatewayInput, context: CommandContext): Promise<GatewayView> {
    throw new Error(`${input.name} ${context.actor}`);
  }

  async change(gatewayId: string, patch: GatewayPatch, context: CommandContext): Promise<GatewayView> {
    throw new Error(`${gatewayId} ${patch.name} ${context.actor}`);
  }

  async delete(
    gatewayId: string,
    options: { readonly force: boolean },
    context: CommandContext,
  ): Promise<void> {
    throw new Error(`${gatewayId} ${options.force} ${context.actor}`);
  }
}
