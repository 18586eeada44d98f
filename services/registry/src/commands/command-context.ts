/** Who gives a command, and the key under which a repeated one is answered as the first was. */
export interface CommandContext {
  /** Such as `api-key:<id>` or `edge:<id>`; stands in every event's metadata. */
  readonly actor: string;
  readonly idempotencyKey?: string;
}
