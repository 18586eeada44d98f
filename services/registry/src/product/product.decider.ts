import type { Decider } from '@gatehouse/decider';
import type { ProductEvent } from './product.events.ts';
import { ProductNotFound } from './product.failures.ts';

export type ProductCommand =
  | {
      readonly type: 'CreateProduct';
      readonly productKey: string;
      readonly gatewayId: string;
      readonly name: string;
    }
  | { readonly type: 'DeleteProduct'; readonly productKey: string };

export interface ProductState {
  readonly status: 'absent' | 'present';
}

/** A product lives and goes with its gateway. */
export const productDecider: Decider<ProductCommand, ProductEvent, ProductState> = {
  initialState: { status: 'absent' },

  decide(command, state) {
    switch (command.type) {
      case 'CreateProduct': {
        if (state.status === 'present') return [];
        const { productKey, gatewayId, name } = command;
        return [{ type: 'ProductCreated', data: { productKey, gatewayId, name } }];
      }
      case 'DeleteProduct':
        if (state.status === 'absent') throw new ProductNotFound(command.productKey);
        return [{ type: 'ProductDeleted', data: { productKey: command.productKey } }];
    }
  },

  evolve(_state, event) {
    switch (event.type) {
      case 'ProductCreated':
        return { status: 'present' };
      case 'ProductDeleted':
        return { status: 'absent' };
    }
  },
};
