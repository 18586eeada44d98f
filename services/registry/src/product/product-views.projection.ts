import type { RecordedEvent } from '@gatehouse/event-store';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { productEvent } from './product.events.ts';

/** Brings `product_view` up to date with one event; events of other aggregates change nothing. */
export async function projectProduct(db: RegistryTransaction, recorded: RecordedEvent): Promise<void> {
  if (!recorded.streamId.startsWith('product/')) return;
  const event = productEvent.parse({ type: recorded.type, data: recorded.data });
  switch (event.type) {
    case 'ProductCreated': {
      const { productKey, gatewayId, name } = event.data;
      await db
        .insertInto('product_view')
        .values({ product_key: productKey, gateway_id: gatewayId, name, created_at: recorded.recordedAt })
        .execute();
      return;
    }
    case 'ProductDeleted':
      await db.deleteFrom('product_view').where('product_key', '=', event.data.productKey).execute();
  }
}
