import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

/** A place where secrets may not be, as bytes that are looked through. */
export interface SearchedPlace {
  readonly name: string;
  readonly content: Buffer;
}

/** Every table of a database as text, a place each; bytea is hexadecimal there. */
export async function databasePlaces(databaseUrl: string): Promise<SearchedPlace[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const places: SearchedPlace[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ text: string }>(`select t::text as text from ${name} t`);
      places.push({ name: `table ${name}`, content: Buffer.from(rows.map(({ text }) => text).join('\n')) });
    }
    return places;
  } finally {
    await client.end();
  }
}

/** Every file below a folder. */
export async function filePlaces(folder: string): Promise<SearchedPlace[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => {
        const path = join(parentPath, name);
        return { name: path, content: await readFile(path) };
      }),
  );
}

/** The places that hold a secret, as it is, in hexadecimal, or in base64 at whatever offset. */
export function placesWith(secret: string, places: readonly SearchedPlace[]): string[] {
  const forms = formsOf(secret);
  return places
    .filter(({ content }) => forms.some((form) => content.includes(form)))
    .map(({ name }) => `${secret.slice(0, 12)}… in ${name}`);
}

/** What does not depend on the bytes around the secret. */
function formsOf(secret: string): string[] {
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.from('\0'.repeat(offset) + secret).toString('base64');
    return text.replace(/=+$/, '').slice(offset === 0 ? 0 : offset + 1, -1);
  });
  const hex = Buffer.from(secret).toString('hex');
  const base64url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'));
  return [secret, hex, hex.toUpperCase(), ...base64, ...base64url];
}
