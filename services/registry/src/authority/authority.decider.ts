import type { Decider } from '@gatehouse/decider';
import type { AuthorityEvent } from './authority.events.ts';
import { AuthorityInUse, AuthorityNotFound } from './authority.failures.ts';

export type AuthorityCommand =
  | {
      readonly type: 'CreateAuthority';
      readonly authorityId: string;
      readonly commonName: string;
      readonly certificate: string;
      readonly notAfter: string;
    }
  | {
      readonly type: 'DeleteAuthority';
      readonly authorityId: string;
      /** Whose device root it is. */
      readonly gatewayIds: readonly string[];
    };

export interface AuthorityState {
  readonly status: 'absent' | 'present';
}

/** The life of an authority; what it issued has a life of its own, so that many can be issued at once. */
export const authorityDecider: Decider<AuthorityCommand, AuthorityEvent, AuthorityState> = {
  initialState: { status: 'absent' },

  decide(command, state) {
    switch (command.type) {
      case 'CreateAuthority': {
        if (state.status === 'present') return [];
        const { authorityId, commonName, certificate, notAfter } = command;
        return [{ type: 'AuthorityCreated', data: { authorityId, commonName, certificate, notAfter } }];
      }
      case 'DeleteAuthority': {
        const { authorityId, gatewayIds } = command;
        if (state.status === 'absent') throw new AuthorityNotFound(authorityId);
        if (gatewayIds.length > 0) throw new AuthorityInUse(authorityId, gatewayIds);
        return [{ type: 'AuthorityDeleted', data: { authorityId } }];
      }
    }
  },

  evolve(_state, event) {
    switch (event.type) {
      case 'AuthorityCreated':
        return { status: 'present' };
      case 'AuthorityDeleted':
        return { status: 'absent' };
    }
  },
};
