import {
  deviceRootsView,
  gatewayCertificatesView,
  type DeviceRootInput,
  type DeviceRootPatch,
  type DeviceRootsView,
  type GatewayCertificatesView,
} from '@gatehouse/contracts';
import type { CommandContext } from '../commands/command-context.ts';
import type { CommandTransactions } from '../commands/command-transactions.ts';
import type { CertificateCommand } from './certificate-decisions.ts';
import type { ExpiringChain } from './certificate-expiry.ts';
import { checkedDeviceRoot } from './gateway-certificates.ts';
import { deviceRootsOf, type GatewayCertificateQueries } from './gateway-certificates.queries.ts';
import type { Clock } from './gateway-commands.ts';
import { decideOnGateway } from './gateway-decision.ts';
import type { GatewaySecrets } from './gateway-secrets.ts';
import { leafFingerprints } from './server-chains.ts';

interface Options {
  /** The versions that the change may start from; undefined: any. */
  readonly expectedVersions?: readonly number[] | undefined;
}

/** Who notices by itself that a certificate expires. */
export const EXPIRY_WATCH = 'registry:certificate-expiry';

/** What becomes of the certificates of gateways, beside changes of the gateway itself. */
export class CertificateCommands {
  constructor(
    private readonly transactions: CommandTransactions,
    private readonly queries: GatewayCertificateQueries,
    private readonly secrets: GatewaySecrets,
    private readonly clock: Clock,
  ) {}

  /**
   * Back to the server chains before; those that were in force are forgotten with their keys.
   *
   * @throws {GatewayNotFound | GatewayVersionMismatch | RollbackImpossible | CertificateExpired}
   */
  async rollBack(
    gatewayId: string,
    context: CommandContext,
    { expectedVersions }: Options = {},
  ): Promise<GatewayCertificatesView> {
    const description = {
      name: 'RollBackServerCertificate',
      input: { gatewayId, expectedVersions },
      answer: gatewayCertificatesView,
    };
    return this.transactions.run(description, context, async (attempt) => {
      const { db } = attempt;
      const { after } = await decideOnGateway(
        attempt,
        { type: 'RollBackServerCertificate', gatewayId, at: this.clock() },
        expectedVersions,
      );
      if (after.status === 'present') {
        await this.secrets.forgetOtherPrivateKeys(db, gatewayId, leafFingerprints(after.generations));
      }
      return this.queries.get(gatewayId, db);
    });
  }

  /**
   * @throws {GatewayNotFound | GatewayVersionMismatch | DeviceRootExists | DeviceRootsExceeded}
   * @throws {GatewayInputInvalid} and what is wrong with the certificate
   */
  async addDeviceRoot(
    gatewayId: string,
    input: DeviceRootInput,
    context: CommandContext,
    { expectedVersions }: Options = {},
  ): Promise<DeviceRootsView> {
    const certificate = checkedDeviceRoot(input.certificate, this.clock());
    const { enabled } = input;
    return this.#changeDeviceRoots(
      { type: 'AddDeviceRoot', gatewayId, certificate, enabled },
      context,
      expectedVersions,
    );
  }

  /** @throws {GatewayNotFound | GatewayVersionMismatch | DeviceRootNotFound | DeviceRootLast} */
  async switchDeviceRoot(
    { gatewayId, fingerprint }: { readonly gatewayId: string; readonly fingerprint: string },
    { enabled }: DeviceRootPatch,
    context: CommandContext,
    { expectedVersions }: Options = {},
  ): Promise<DeviceRootsView> {
    return this.#changeDeviceRoots(
      { type: 'SwitchDeviceRoot', gatewayId, fingerprint, enabled },
      context,
      expectedVersions,
    );
  }

  /** @throws {GatewayNotFound | GatewayVersionMismatch | DeviceRootNotFound | DeviceRootLast} */
  async removeDeviceRoot(
    { gatewayId, fingerprint }: { readonly gatewayId: string; readonly fingerprint: string },
    context: CommandContext,
    { expectedVersions }: Options = {},
  ): Promise<void> {
    await this.#changeDeviceRoots(
      { type: 'RemoveDeviceRoot', gatewayId, fingerprint },
      context,
      expectedVersions,
    );
  }

  /** @returns whether nobody had noticed it before */
  async noticeExpiry(gatewayId: string, expiring: ExpiringChain, days: number): Promise<boolean> {
    return this.transactions.transact(EXPIRY_WATCH, async (attempt) => {
      const { before, after } = await decideOnGateway(
        attempt,
        { type: 'NoticeExpiry', gatewayId, expiring, days },
        undefined,
      );
      return before !== after;
    });
  }

  #changeDeviceRoots(
    command: DeviceRootCommand,
    context: CommandContext,
    expectedVersions: readonly number[] | undefined,
  ): Promise<DeviceRootsView> {
    const description = {
      name: command.type,
      input: { command, expectedVersions },
      answer: deviceRootsView,
    };
    return this.transactions.run(description, context, async (attempt) => {
      await decideOnGateway(attempt, command, expectedVersions);
      return deviceRootsOf(await this.queries.get(command.gatewayId, attempt.db));
    });
  }
}

type DeviceRootCommand = Extract<
  CertificateCommand,
  { type: 'AddDeviceRoot' | 'SwitchDeviceRoot' | 'RemoveDeviceRoot' }
>;
