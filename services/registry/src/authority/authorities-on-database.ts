import type { CommandTransactions } from '../commands/command-transactions.ts';
import { IssuedCertificateCommands } from '../issued-certificate/issued-certificate-commands.ts';
import { IssuedCertificateQueries } from '../issued-certificate/issued-certificate-views.queries.ts';
import type { RegistryDb } from '../schema/registry-database.ts';
import type { SecretSealer } from '../secrets/sealed-secret.ts';
import { AuthorityCommands } from './authority-commands.ts';
import { AuthoritySecrets } from './authority-secrets.ts';
import { AuthorityUrls } from './authority-urls.ts';
import { AuthorityQueries } from './authority-views.queries.ts';
import { ListSigner } from './list-signer.ts';
import { OcspAnswers } from './ocsp-answers.ts';
import { RevocationLists } from './revocation-lists.ts';

interface AuthoritiesParts {
  readonly db: RegistryDb;
  readonly transactions: CommandTransactions;
  readonly sealer: SecretSealer;
  readonly clock: () => Date;
}

const VALIDITY_SECONDS = 3_600;

/** All of authorities without Nest: part of what `openDomain` opens for integration tests. */
export function authoritiesOn({ db, transactions, sealer, clock }: AuthoritiesParts) {
  const secrets = new AuthoritySecrets(sealer);
  const urls = new AuthorityUrls('http://ocsp.example.com');
  const authorities = new AuthorityQueries(db, urls);
  const queries = new IssuedCertificateQueries(db);
  const responder = { validitySeconds: VALIDITY_SECONDS, clock };
  return {
    authorities,
    authorityCommands: new AuthorityCommands(transactions, authorities, secrets, clock),
    issuedCertificates: queries,
    issuedCertificateCommands: new IssuedCertificateCommands({ transactions, queries, secrets, urls, clock }),
    ocspAnswers: new OcspAnswers(db, secrets, responder),
    revocationLists: new RevocationLists(db, secrets, new ListSigner(), responder),
  };
}
