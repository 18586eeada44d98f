import {
  gatewayView,
  topicPermissions,
  type GatewayAuthenticationInput,
  type GatewayAuthenticationPatch,
  type GatewayInput,
  type GatewayPatch,
  type GatewayView,
  type TopicPermission,
} from '@gatehouse/contracts';
import { violatedConstraint } from '@gatehouse/event-store';
import type { Failure } from '@gatehouse/failure';
import { z } from 'zod';
import type { CommandContext } from '../commands/command-context.ts';
import type { CommandAttempt, CommandTransactions } from '../commands/command-transactions.ts';
import { readStream } from '../event-log/read-events.ts';
import { productDecider } from '../product/product.decider.ts';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { gatewayStream, productStream } from '../stream-names.ts';
import { decideOnGateway, refuseTakenName } from './gateway-decision.ts';
import { gatewayDecider } from './gateway.decider.ts';
import { GatewayInputInvalid, GatewayNameTaken, refuse } from './gateway.failures.ts';
import { secretOf, usesAccessKey } from './authentication-target.ts';
import {
  checkGatewayCertificates,
  problemOfCaCertificate,
  type CheckedGatewayCertificates,
} from './gateway-certificates.ts';
import { newGatewayId, newProductKey } from './gateway-identity.ts';
import { claimPort } from './gateway-ports.ts';
import { brokenCommonNameRule, brokenRules, presenceOf } from './gateway-rules.ts';
import type { GatewaySecrets } from './gateway-secrets.ts';
import { productNameOf } from './gateway-row.ts';
import { leafFingerprint, leafFingerprints } from './server-chains.ts';
import type { GatewayPermissions, GatewayQueries } from './gateway-views.queries.ts';

export type Clock = () => Date;

export interface GatewayChangeOptions {
  /** The versions that the change may start from; undefined: any. */
  readonly expectedVersions?: readonly number[] | undefined;
  /** Adds what the edges say to the answer, which is kept so for a repeated Idempotency-Key. */
  readonly withStatus?: (view: GatewayView) => GatewayView;
}

export interface GatewayDeletionOptions extends Pick<GatewayChangeOptions, 'expectedVersions'> {
  /** Also while devices are online. */
  readonly force: boolean;
}

export class GatewayCommands {
  constructor(
    private readonly transactions: CommandTransactions,
    private readonly queries: GatewayQueries,
    private readonly secrets: GatewaySecrets,
    private readonly clock: Clock,
  ) {}

  /**
   * Its product comes with it. No edge can have heard of it yet, so it is `starting`.
   *
   * @throws {GatewayNameTaken | GatewayPortTaken | GatewayInputInvalid} and what is wrong with a certificate
   */
  async create(input: GatewayInput, context: CommandContext): Promise<GatewayView> {
    const { certificates, privateKeys } = this.#checkedInput(input);
    const gatewayId = newGatewayId();
    const productKey = newProductKey();
    const description = { name: 'CreateGateway', input, answer: gatewayView };
    return nameTakenOr(
      input.name,
      this.transactions.run(description, context, async (attempt) => {
        await claimPort(attempt.db, input);
        await refuseTakenName(attempt.db, input.name, gatewayId);
        const gatewayEvents = gatewayDecider.decide(
          { type: 'CreateGateway', gatewayId, productKey, input, certificates },
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
        await this.#keepPrivateKeys(attempt.db, gatewayId, { certificates, privateKeys });
        const secret = secretOf(input.authentication);
        if (secret !== undefined) await this.secrets.keepAccessKeySecret(attempt.db, gatewayId, secret);
        return this.queries.get(gatewayId, attempt.db);
      }),
    );
  }

  /**
   * @throws {GatewayNotFound | GatewayVersionMismatch | GatewayNameTaken | GatewayFieldImmutable}
   * @throws {GatewayInputInvalid} and what is wrong with a certificate
   */
  async change(
    gatewayId: string,
    patch: GatewayPatch,
    context: CommandContext,
    { expectedVersions, withStatus = asItIs }: GatewayChangeOptions = {},
  ): Promise<GatewayView> {
    const { certificates, privateKeys, problems } = checkGatewayCertificates(patch.certificates ?? {}, {
      now: this.clock(),
    });
    const allProblems = [...problems, ...this.#problemsOfAuthentication(patch.authentication)];
    const secret = patch.authentication === undefined ? undefined : secretOf(patch.authentication);
    const description = {
      name: 'ChangeGateway',
      input: { gatewayId, patch, expectedVersions },
      answer: gatewayView,
    };
    return nameTakenOr(
      patch.name ?? '',
      this.transactions.run(description, context, async (attempt) => {
        const { db } = attempt;
        const hasNewAccessKeySecret =
          secret !== undefined && (await this.secrets.accessKeySecret(db, gatewayId)) !== secret;
        const { after } = await decideOnGateway(
          attempt,
          {
            type: 'ChangeGateway',
            gatewayId,
            patch,
            certificates,
            hasNewAccessKeySecret,
            problems: allProblems,
          },
          expectedVersions,
        );
        await this.#keepPrivateKeys(db, gatewayId, { certificates, privateKeys });
        if (after.status === 'present') {
          await this.secrets.forgetOtherPrivateKeys(db, gatewayId, leafFingerprints(after.generations));
        }
        if (hasNewAccessKeySecret) await this.secrets.keepAccessKeySecret(db, gatewayId, secret);
        if (after.status === 'present' && !usesAccessKey(after.authentication)) {
          await this.secrets.forgetAccessKeySecret(db, gatewayId);
        }
        return withStatus(await this.queries.get(gatewayId, db));
      }),
    );
  }

  /** @throws {GatewayNotFound | GatewayVersionMismatch} */
  async replacePermissions(
    gatewayId: string,
    permissions: readonly TopicPermission[],
    context: CommandContext,
    { expectedVersions }: GatewayChangeOptions = {},
  ): Promise<GatewayPermissions> {
    const description = {
      name: 'ReplacePermissions',
      input: { gatewayId, permissions, expectedVersions },
      answer: z.strictObject({ version: z.int(), permissions: topicPermissions }),
    };
    return this.transactions.run(description, context, async (attempt) => {
      await decideOnGateway(
        attempt,
        { type: 'ReplacePermissions', gatewayId, permissions },
        expectedVersions,
      );
      const replaced = await this.queries.permissions(gatewayId, attempt.db);
      return { ...replaced, permissions: [...replaced.permissions] };
    });
  }

  /**
   * Its product and the product's devices go with it, and the secrets of them all.
   *
   * @throws {GatewayNotFound | GatewayVersionMismatch | GatewayHasOnlineDevices}
   */
  async delete(
    gatewayId: string,
    { force, expectedVersions }: GatewayDeletionOptions,
    context: CommandContext,
  ): Promise<void> {
    const description = {
      name: 'DeleteGateway',
      input: { gatewayId, force, expectedVersions },
      answer: z.null(),
    };
    await this.transactions.run(description, context, async (attempt) => {
      const hasOnlineDevices = await this.#hasOnlineDevices(attempt.db, gatewayId);
      const { before } = await decideOnGateway(
        attempt,
        { type: 'DeleteGateway', gatewayId, hasOnlineDevices, force },
        expectedVersions,
      );
      if (before.status === 'present') await deleteProduct(attempt, before.productKey);
      await this.secrets.forget(attempt.db, gatewayId);
      return null;
    });
  }

  /** Throws everything that is wrong with a description, together. */
  #checkedInput(input: GatewayInput) {
    const checked = checkGatewayCertificates(input.certificates, { now: this.clock() });
    const { privateKeys } = checked;
    const { server } = checked.certificates;
    const broken = [
      ...brokenRules({ ...input, certificates: presenceOf(input.certificates) }),
      ...brokenCommonNameRule(input),
    ];
    refuse([
      ...checked.problems,
      ...(broken.length === 0 ? [] : [new GatewayInputInvalid(broken)]),
      ...this.#problemsOfAuthentication(input.authentication),
    ]);
    if (server === undefined || privateKeys.server === undefined) {
      throw new Error('a server certificate with its key passed without a problem, and is not there');
    }
    return { certificates: { ...checked.certificates, server }, privateKeys };
  }

  async #keepPrivateKeys(
    db: RegistryTransaction,
    gatewayId: string,
    {
      certificates: { server, alternative },
      privateKeys,
    }: Pick<CheckedGatewayCertificates, 'certificates' | 'privateKeys'>,
  ): Promise<void> {
    const pairs = [
      [server, privateKeys.server],
      [alternative, privateKeys.alternative],
    ] as const;
    for (const [certificate, key] of pairs) {
      if (certificate === undefined || certificate === null || key === undefined) continue;
      const fingerprint = leafFingerprint(certificate);
      await this.secrets.keepPrivateKey(db, { gatewayId, fingerprint }, key);
    }
  }

  #problemsOfAuthentication(
    authentication: GatewayAuthenticationInput | GatewayAuthenticationPatch | undefined,
  ): Failure[] {
    if (authentication === undefined || !('caCertificate' in authentication)) return [];
    const { caCertificate } = authentication;
    if (typeof caCertificate !== 'string') return [];
    const problem = problemOfCaCertificate(caCertificate, this.clock());
    return problem === undefined ? [] : [problem];
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
}

const asItIs = (view: GatewayView): GatewayView => view;

async function deleteProduct(attempt: CommandAttempt, productKey: string): Promise<void> {
  const streamId = productStream(productKey);
  const expectedVersion = (await readStream(attempt.db, streamId)).length;
  const events = productDecider.decide({ type: 'DeleteProduct', productKey }, { status: 'present' });
  await attempt.append({ streamId, expectedVersion, events });
  await attempt.db.deleteFrom('device_secret').where('product_key', '=', productKey).execute();
  await attempt.db.deleteFrom('parsing_draft').where('product_key', '=', productKey).execute();
}

async function nameTakenOr<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (violatedConstraint(error) === 'gateway_name') throw new GatewayNameTaken(name);
    throw error;
  }
}
