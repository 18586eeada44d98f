import { readOcspRequest } from '@gatehouse/pki';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerScenarios, root, type Scenario } from '../testing/hostile-answers.ts';
import { exchangeScenarios } from '../testing/hostile-exchanges.ts';
import { startVerdicts } from '../testing/test-ocsp.ts';
import {
  answerDer,
  honestAnswer,
  startTestResponder,
  statementOn,
  type TestResponder,
} from '../testing/test-responder.ts';

const scenarios: readonly Scenario[] = [...answerScenarios, ...exchangeScenarios];

let responder: TestResponder;
beforeAll(async () => {
  responder = await startTestResponder();
});
afterAll(async () => {
  await responder[Symbol.asyncDispose]();
});

test.each(scenarios)('%s: %s', async (_title, verdict, why, answer) => {
  // A question has a host, a breaker and a connection of its own: what one answer breaks, no other sees.
  await using ocsp = startVerdicts();
  const leaf = root.issueClient({ ocspUrl: `${responder.url}/ocsp` });
  responder.behaviour.answer = (question, response) => {
    const request = readOcspRequest(question.body);
    answer({ statement: (rest) => statementOn(leaf, root, rest), request, question, response });
  };

  const reply = await ocsp.judge(leaf, root);

  expect(reply).toMatchObject({ status: verdict });
  expect(new Date(reply.validUntil).getTime()).toBeGreaterThan(Date.now());
  if (reply.status === 'unknown' && why !== undefined) expect(reply.reason).toMatch(why);
});

test('no hostile answer makes the next honest one unusable', async () => {
  await using ocsp = startVerdicts({ OCSP_BREAKER_MIN_CALLS: '1000' });
  for (const [, , , answer] of scenarios.filter(([, , why]) => why?.source.includes('OCSPResponse'))) {
    const leaf = root.issueClient({ ocspUrl: responder.url });
    responder.behaviour.answer = (question, response) => {
      const request = readOcspRequest(question.body);
      answer({ statement: (rest) => statementOn(leaf, root, rest), request, question, response });
    };
    expect(await ocsp.judge(leaf, root)).toMatchObject({ status: 'unknown' });
  }
  const leaf = root.issueClient({ ocspUrl: responder.url });
  responder.behaviour.answer = ({ body }, response) =>
    answerDer(response, honestAnswer(root, [statementOn(leaf, root)], readOcspRequest(body)));
  expect(await ocsp.judge(leaf, root)).toMatchObject({ status: 'good', source: 'ocsp' });
});
