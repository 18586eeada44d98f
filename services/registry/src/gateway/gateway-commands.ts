import { gatewayView, type GatewayInput, type GatewayPatch, type GatewayView } from '@gatehouse/contracts';
import { fold } from '@gatehouse/decider';
import { violatedConstraint } from '@gatehouse/event-store';
import { z } from 'zod';
import type { CommandContext } from '../commands/command-context.ts';
import type { CommandAttempt, CommandTransactions } from '../commands/command-transactions.ts';
import { readStream } from '../event-log/read-events.ts';
import { productDecider } from '../product/product.decider.ts';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import type { SecretSealer } from '../secrets/sealed-secret.ts';
import { gatewayStream, productStream } from '../stream-names.ts';
import { gatewayDecider, type GatewayCommand, type GatewayState } from './gateway.decider.ts';
import { gatewayEvent } from './gateway.events.ts';
import { GatewayNameTaken, GatewayPortTaken } from './gateway.failures.ts';
import { checkFeaturesAreOffered } from './gateway-features-policy.ts';
import { newGatewayId, newProductKey } from './gateway-identity.ts';
import { productNameOf } from './gateway-views.projection.ts';
import type { GatewayQueries } from './gateway-views.queries.ts';
import { checkServerCertificate } from './server-certificate.ts';

export type Clock = () => Date;

export class GatewayCommands {
  constructor(
    private readonly transactions: CommandTransactions,
    private readonly queries: GatewayQueries,
    private readonly sealer: SecretSealer,
    private readonly clock: Clock,
  ) {}

  /**
   * Its product comes with it.
   *
   * @throws {FeatureNotOffered | GatewayNameTaken | GatewayPortTaken} and what is wrong with its certificate
   */
  async create(input: GatewayInput, context: CommandContext): Promise<GatewayView> {
    checkFeaturesAreOffered(input);
    const { certificate, privateKeyPem } = checkServerCertificate(input.certificates, this.clock());
    const gatewayId = newGatewayId();
    const productKey = newProductKey();
    const description = { name: 'CreateGateway', input, answer: gatewayView };
    const { name, port, hostname } = input;
    return uniqueOr(
      { name, port, hostname },
      this.transactions.run(description, context, async (attempt) => {
        const gatewayEvents = gatewayDecider.decide(
          { type: 'CreateGateway', gatewayId, productKey, input, serverCertificate: certificate },
          gatewayDecider.initialState,
        );
        const productEvents = productDecider.decide(
          { type: 'CreateProduct', productKey, gatewayId, name: productNameOf(gatewayId) },
          productDecider.initialState,
        );
        await attempt.append(
          { streamId: gatewayStream(gatewayId), expectedVersion: 0, events: gatewayEvents },
          { streamId: productStream(productKey), expectedVersion: 0, events: productEvents },
        );
        await this.#keepPrivateKey(attempt.db, gatewayId, privateKeyPem);
        return this.queries.get(gatewayId, attempt.db);
      }),
    );
  }

  /** @throws {GatewayNotFound | FeatureNotOffered | GatewayNameTaken} and what is wrong with its certificate */
  async change(gatewayId: string, patch: GatewayPatch, context: CommandContext): Promise<GatewayView> {
    checkFeaturesAreOffered(patch);
    const checked =
      patch.certificates === undefined ? undefined : checkServerCertificate(patch.certificates, this.clock());
    const description = { name: 'ChangeGateway', input: { gatewayId, patch }, answer: gatewayView };
    return uniqueOr(
      patch,
      this.transactions.run(description, context, async (attempt) => {
        await this.#decide(attempt, gatewayId, {
          type: 'ChangeGateway',
          gatewayId,
          patch,
          serverCertificate: checked?.certificate,
        });
        if (checked !== undefined) {
          await this.#keepPrivateKey(attempt.db, gatewayId, checked.privateKeyPem);
        }
        return this.queries.get(gatewayId, attempt.db);
      }),
    );
  }

  /**
   * Its product and the product's devices go with it.
   *
   * @param options.force also while devices are online
   * @throws {GatewayNotFound | GatewayHasOnlineDevices}
   */
  async delete(
    gatewayId: string,
    { force }: { readonly force: boolean },
    context: CommandContext,
  ): Promise<void> {
    const description = { name: 'DeleteGateway', input: { gatewayId, force }, answer: z.null() };
    await this.transactions.run(description, context, async (attempt) => {
      const hasOnlineDevices = await this.#hasOnlineDevices(attempt.db, gatewayId);
      const state = await this.#decide(attempt, gatewayId, {
        type: 'DeleteGateway',
        gatewayId,
        hasOnlineDevices,
        force,
      });
      if (state.status === 'present') await deleteProduct(attempt, state.productKey);
      await attempt.db.deleteFrom('gateway_secret').where('gateway_id', '=', gatewayId).execute();
      return null;
    });
  }

  /** @returns the state that was decided on */
  async #decide(attempt: CommandAttempt, gatewayId: string, command: GatewayCommand): Promise<GatewayState> {
    const streamId = gatewayStream(gatewayId);
    const history = await readStream(attempt.db, streamId);
    const state = fold(
      gatewayDecider,
      history.map((event) => gatewayEvent.parse({ type: event.type, data: event.data })),
    );
    const events = gatewayDecider.decide(command, state);
    await attempt.append({ streamId, expectedVersion: history.length, events });
    return state;
  }

  async #hasOnlineDevices(db: RegistryTransaction, gatewayId: string): Promise<boolean> {
    const online = await db
      .selectFrom('device_view')
      .innerJoin('product_view', 'product_view.product_key', 'device_view.product_key')
      .select('device_view.device_name')
      .where('product_view.gateway_id', '=', gatewayId)
      .where('device_view.is_online', '=', true)
      .limit(1)
      .executeTakeFirst();
    return online !== undefined;
  }

  async #keepPrivateKey(db: RegistryTransaction, gatewayId: string, privateKeyPem: string): Promise<void> {
    const { keyId, sealed } = this.sealer.seal(privateKeyPem, gatewayStream(gatewayId));
    const secret = { key_id: keyId, sealed_private_key: sealed };
    await db
      .insertInto('gateway_secret')
      .values({ gateway_id: gatewayId, ...secret })
      .onConflict((conflict) => conflict.column('gateway_id').doUpdateSet(secret))
      .execute();
  }
}

async function deleteProduct(attempt: CommandAttempt, productKey: string): Promise<void> {
  const streamId = productStream(productKey);
  const expectedVersion = (await readStream(attempt.db, streamId)).length;
  const events = productDecider.decide({ type: 'DeleteProduct', productKey }, { status: 'present' });
  await attempt.append({ streamId, expectedVersion, events });
  await attempt.db.deleteFrom('device_secret').where('product_key', '=', productKey).execute();
  await attempt.db.deleteFrom('parsing_draft').where('product_key', '=', productKey).execute();
}

async function uniqueOr<T>(
  {
    name = '',
    port = 0,
    hostname = null,
  }: { name?: string | undefined; port?: number; hostname?: string | null },
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const constraint = violatedConstraint(error);
    if (constraint === 'gateway_name') throw new GatewayNameTaken(name);
    if (constraint === 'gateway_port_and_hostname') throw new GatewayPortTaken(port, hostname);
    throw error;
  }
}
