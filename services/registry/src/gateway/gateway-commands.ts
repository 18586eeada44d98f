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
import { fold } from '@gatehouse/decider';
import { violatedConstraint } from '@gatehouse/event-store';
import type { Failure } from '@gatehouse/failure';
import { z } from 'zod';
import type { CommandContext } from '../commands/command-context.ts';
import type { CommandAttempt, CommandTransactions } from '../commands/command-transactions.ts';
import { readStream } from '../event-log/read-events.ts';
import { productDecider } from '../product/product.decider.ts';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { gatewayStream, productStream } from '../stream-names.ts';
import { gatewayDecider, type GatewayCommand, type GatewayState } from './gateway.decider.ts';
import { gatewayEvent } from './gateway.events.ts';
import { GatewayInputInvalid, GatewayNameTaken, GatewayVersionMismatch, refuse } from './gateway.failures.ts';
import { secretOf, usesAccessKey } from './authentication-target.ts';
import { checkGatewayCertificates, problemOfCaCertificate } from './gateway-certificates.ts';
import { newGatewayId, newProductKey } from './gateway-identity.ts';
import { claimPort } from './gateway-ports.ts';
import { brokenCommonNameRule, brokenRules, presenceOf } from './gateway-rules.ts';
import type { GatewaySecrets } from './gateway-secrets.ts';
import { productNameOf } from './gateway-row.ts';
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
    const { certificates, privateKeyPem } = this.#checkedInput(input);
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
        await this.secrets.keepPrivateKey(attempt.db, gatewayId, privateKeyPem);
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
    const { certificates, privateKeyPem, problems } = checkGatewayCertificates(
      patch.certificates ?? {},
      this.clock(),
    );
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
        const { after } = await this.#decide(
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
        if (privateKeyPem !== undefined) await this.secrets.keepPrivateKey(db, gatewayId, privateKeyPem);
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
      await this.#decide(attempt, { type: 'ReplacePermissions', gatewayId, permissions }, expectedVersions);
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
      const { before } = await this.#decide(
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
    const checked = checkGatewayCertificates(input.certificates, this.clock());
    const { server } = checked.certificates;
    const { privateKeyPem } = checked;
    const broken = [
      ...brokenRules({ ...input, certificates: presenceOf(input.certificates) }),
      ...brokenCommonNameRule(input),
    ];
    refuse([
      ...checked.problems,
      ...(broken.length === 0 ? [] : [new GatewayInputInvalid(broken)]),
      ...this.#problemsOfAuthentication(input.authentication),
    ]);
    if (server === undefined || privateKeyPem === undefined) {
      throw new Error('a server certificate with its key passed without a problem, and is not there');
    }
    return { certificates: { ...checked.certificates, server }, privateKeyPem };
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

  /** @returns the state that was decided on, and the one that came of it */
  async #decide(
    attempt: CommandAttempt,
    command: Exclude<GatewayCommand, { type: 'CreateGateway' }>,
    expectedVersions: readonly number[] | undefined,
  ): Promise<{ readonly before: GatewayState; readonly after: GatewayState }> {
    const { gatewayId } = command;
    const streamId = gatewayStream(gatewayId);
    const history = await readStream(attempt.db, streamId);
    const before = fold(
      gatewayDecider,
      history.map((event) => gatewayEvent.parse({ type: event.type, data: event.data })),
    );
    const isExpected = expectedVersions?.includes(history.length) ?? true;
    if (before.status === 'present' && !isExpected) {
      throw new GatewayVersionMismatch(gatewayId, history.length);
    }
    const events = gatewayDecider.decide(command, before);
    if (command.type === 'ChangeGateway' && events.length > 0 && command.patch.name !== undefined) {
      await refuseTakenName(attempt.db, command.patch.name, gatewayId);
    }
    await attempt.append({ streamId, expectedVersion: history.length, events });
    return { before, after: fold(gatewayDecider, events, before) };
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

/** Two at once are told apart by the constraint; this spares PostgreSQL's log an error for each name that is taken. */
async function refuseTakenName(db: RegistryTransaction, name: string, gatewayId: string): Promise<void> {
  const other = await db
    .selectFrom('gateway_view')
    .select('gateway_id')
    .where('name', '=', name)
    .where('gateway_id', '!=', gatewayId)
    .executeTakeFirst();
  if (other !== undefined) throw new GatewayNameTaken(name);
}

async function nameTakenOr<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (violatedConstraint(error) === 'gateway_name') throw new GatewayNameTaken(name);
    throw error;
  }
}
