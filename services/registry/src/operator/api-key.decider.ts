import type { ApiKeyRole } from '@gatehouse/contracts';
import type { Decider } from '@gatehouse/decider';
import type { ApiKeyEvent } from './api-key.events.ts';
import { ApiKeyNotFound } from './operator.failures.ts';

export type ApiKeyCommand =
  | {
      readonly type: 'CreateApiKey';
      readonly apiKeyId: string;
      readonly name: string;
      readonly role: ApiKeyRole;
    }
  | { readonly type: 'RevokeApiKey'; readonly apiKeyId: string };

export interface ApiKeyState {
  readonly status: 'absent' | 'in-use' | 'revoked';
}

/** The life of one API key; that names differ among keys in use is the database's to hold. */
export const apiKeyDecider: Decider<ApiKeyCommand, ApiKeyEvent, ApiKeyState> = {
  initialState: { status: 'absent' },

  decide(command, state) {
    switch (command.type) {
      case 'CreateApiKey': {
        if (state.status !== 'absent') return [];
        const { apiKeyId, name, role } = command;
        return [{ type: 'ApiKeyCreated', data: { apiKeyId, name, role } }];
      }
      case 'RevokeApiKey':
        if (state.status === 'absent') throw new ApiKeyNotFound(command.apiKeyId);
        if (state.status === 'revoked') return [];
        return [{ type: 'ApiKeyRevoked', data: { apiKeyId: command.apiKeyId } }];
    }
  },

  evolve(_state, event) {
    switch (event.type) {
      case 'ApiKeyCreated':
        return { status: 'in-use' };
      case 'ApiKeyRevoked':
        return { status: 'revoked' };
    }
  },
};
