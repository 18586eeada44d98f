import { expect, test } from 'vitest';
import { bytesOf, cutsOf, type PacketFixture, read } from './packet-fixture.ts';
import type { ProtocolVersion } from './protocol-version.ts';

/** Reason code | version of the CONNECT before | words of the failure | packet | its bytes */
const table = `
  82 | - | first packet | PUBLISH before CONNECT | 3003 0001 61
  82 | - | first packet | an HTTP request | 474554202f20485454502f312e310d0a
  82 | 4 | twice | CONNECT twice | 100d 0004 4d515454 04 02 003c 0001 61
  81 | 4 | its type is 0 | packet type 0 | 0000
  82 | 5 | type 13 | a packet of a server | d000
  81 | 4 | AUTH | AUTH before MQTT 5.0 | f000
  81 | 4 | reserved flags | reserved flags | c100
  81 | 4 | reserved flags | SUBSCRIBE without its reserved flag | 8006 0007 0001 61 00
  81 | 4 | more than four bytes | a length of five bytes | 30ffffffff01
  81 | 5 | more bytes than needed | a longer length than needed | c08000
  81 | 4 | 1 bytes follow | PINGREQ with a payload | c00100
  84 | - | level 6 | CONNECT of an unknown version | 100e 0004 4d515454 06 02 003c 00 0001 61
  84 | - | level 132 | CONNECT of a mosquitto bridge | 100d 0004 4d515454 84 02 003c 0001 61
  84 | - | "MQTU" | CONNECT of another protocol | 100d 0004 4d515455 04 02 003c 0001 61
  84 | - | level 4 | MQIsdp with the level of MQTT 3.1.1 | 100f 0006 4d5149736470 04 02 003c 0001 61
  81 | - | bit 0 | CONNECT with flag 0 set [MQTT5-3.1.2-3] | 100d 0004 4d515454 04 03 003c 0001 61
  82 | - | no user name | CONNECT with a password but no user name [MQTT3-3.1.2-22] | 1010 0004 4d515454 04 42 003c 0001 61 0001 70
  81 | - | Will QoS | CONNECT with a will QoS but no will [MQTT5-3.1.2-11] | 100d 0004 4d515454 04 0a 003c 0001 61
  81 | - | Will Retain | CONNECT with Will Retain but no will [MQTT5-3.1.2-13] | 100d 0004 4d515454 04 22 003c 0001 61
  81 | - | QoS of the will | CONNECT with a will of QoS 3 [MQTT5-3.1.2-12] | 1012 0004 4d515454 04 1e 003c 0001 61 0001 77 0000
  81 | - | is empty | CONNECT with a will to no topic [MQTT5-4.7.3-1] | 1011 0004 4d515454 04 06 003c 0001 61 0000 0000
  81 | - | wildcard | CONNECT with a will to a wildcard [MQTT5-4.7.0-1] | 1012 0004 4d515454 04 06 003c 0001 61 0001 2b 0000
  81 | - | ends inside | CONNECT without the password that its flags announce | 1010 0004 4d515454 04 c2 003c 0001 61 0001 75
  81 | - | 1 bytes follow | CONNECT with bytes to spare | 100e 0004 4d515454 04 02 003c 0001 61 00
  82 | - | no authentication method | CONNECT with authentication data but no method | 1011 0004 4d515454 05 02 003c 03 16 0000 0001 61
  81 | - | U+0000 | a client identifier with U+0000 [MQTT5-1.5.4-2] | 100e 0004 4d515454 04 02 003c 0002 6100
  81 | - | UTF-8 | a client identifier with a surrogate [MQTT5-1.5.4-1] | 100f 0004 4d515454 04 02 003c 0003 eda080
  81 | - | UTF-8 | a user name in overlong UTF-8 | 1011 0004 4d515454 04 82 003c 0001 61 0002 c1a1
  81 | 4 | QoS | PUBLISH of QoS 3 [MQTT5-3.3.1-4] | 3605 0001 61 0007
  81 | 4 | duplicate | a duplicate of QoS 0 [MQTT5-3.3.1-2] | 3803 0001 61
  81 | 4 | wildcard | PUBLISH to # [MQTT5-3.3.2-2] | 3005 0003 612f23
  81 | 4 | wildcard | PUBLISH to + [MQTT5-3.3.2-2] | 3005 0003 2b2f61
  82 | 4 | neither | PUBLISH to no topic | 3002 0000
  82 | 5 | neither | PUBLISH to no topic and no alias | 3003 0000 00
  81 | 4 | identifier is 0 | PUBLISH with packet identifier 0 [MQTT5-2.2.1-3] | 3205 0001 61 0000
  81 | 4 | ends inside | PUBLISH without the packet identifier of its QoS | 3204 0001 61 00
  81 | 4 | ends inside | PUBLISH with a topic name longer than itself | 3003 0005 61
  81 | 4 | U+0000 | PUBLISH to a topic name with U+0000 [MQTT5-4.7.3-2] | 3005 0003 610062
  81 | 4 | UTF-8 | PUBLISH to a topic name that is not UTF-8 | 3004 0002 61ff
  82 | 5 | subscription | PUBLISH with a subscription identifier [MQTT5-3.3.4-6] | 3006 0001 61 02 0b 01
  82 | 5 | topicAlias is 0 | PUBLISH with topic alias 0 [MQTT5-3.3.2-8] | 3007 0001 61 03 23 0000
  82 | 5 | twice | PUBLISH with two topic aliases | 300a 0001 61 06 23 0001 23 0001
  82 | 5 | twice | PUBLISH with two expiry intervals of 0 | 300e 0001 61 0a 02 00000000 02 00000000
  82 | 5 | neither 0 nor 1 | PUBLISH with a payload format of 2 | 3006 0001 61 02 01 02
  82 | 5 | wildcard | PUBLISH with a wildcard in its response topic [MQTT5-3.3.2-14] | 3008 0001 61 04 08 0001 23
  82 | 5 | not allowed here | PUBLISH with a property of CONNECT | 3007 0001 61 03 21 0001
  81 | 5 | unknown identifier | PUBLISH with an unknown property | 3006 0001 61 02 7f 00
  81 | 5 | longer than their packet | PUBLISH with properties longer than itself | 3006 0001 61 09 01 01
  81 | 5 | longer than its block | PUBLISH with a property longer than its block | 300c 0001 61 03 03 0005 6162636465
  81 | 5 | ends inside | PUBLISH without the length of its properties | 3003 0001 61
  81 | 4 | identifier is 0 | PUBACK of packet identifier 0 | 4002 0000
  81 | 4 | 1 bytes follow | PUBACK with a reason code before MQTT 5.0 | 4003 0007 00
  81 | 5 | reason code 1 | PUBACK with a reason code of SUBACK | 4003 0007 01
  81 | 5 | reason code 151 | PUBREL with a reason code of PUBREC | 6203 0007 97
  82 | 5 | twice | PUBACK with two reason strings | 400a 0007 00 06 1f 0000 1f 0000
  82 | 4 | no topic filter | SUBSCRIBE to nothing [MQTT5-3.8.3-2] | 8202 0007
  81 | 4 | is empty | SUBSCRIBE to an empty filter [MQTT5-4.7.3-1] | 8205 0007 0000 00
  81 | 4 | ends inside | SUBSCRIBE without options | 8205 0007 0001 61
  81 | 4 | QoS | SUBSCRIBE with QoS 3 | 8206 0007 0001 61 03
  81 | 4 | bits 7-2 | SUBSCRIBE with options of MQTT 5.0 before it | 8206 0007 0001 61 04
  81 | 5 | retain handling | SUBSCRIBE with retain handling 3 | 8207 0007 00 0001 61 30
  82 | 5 | is 0 | SUBSCRIBE with identifier 0 | 8209 0007 02 0b 00 0001 61 00
  82 | 5 | No Local | a shared subscription with No Local [MQTT5-3.8.3-4] | 8210 0007 00 000a 2473686172652f672f61 04
  82 | 4 | no topic filter | UNSUBSCRIBE from nothing [MQTT5-3.10.3-2] | a202 0007
  81 | 4 | 1 bytes follow | DISCONNECT with a reason code before MQTT 5.0 | e001 00
  81 | 5 | reason code | DISCONNECT with an unknown reason code | e001 01
  82 | 5 | server reference | DISCONNECT with a server reference | e006 00 04 1c 0001 73
  81 | 5 | reason code | AUTH with an unknown reason code | f002 01 00
`;

interface RefusedPacket extends PacketFixture {
  readonly reasonCode: number;
  readonly problem: string;
}

const refused = table
  .trim()
  .split('\n')
  .map((line): RefusedPacket => {
    const [reasonCode = '', after = '', problem = '', name = '', hex = ''] = line.trim().split(' | ');
    return {
      reasonCode: Number.parseInt(reasonCode, 16),
      after: after === '-' ? undefined : (Number(after) as ProtocolVersion),
      problem,
      name,
      hex,
    };
  });

test.for(refused)('$name is refused', (fixture) => {
  const { packets, failure } = read([bytesOf(fixture)]);
  expect(packets).toHaveLength(fixture.after === undefined ? 0 : 1);
  expect(failure).toMatchObject({ reasonCode: fixture.reasonCode });
  expect(failure).toHaveProperty('message', expect.stringContaining(fixture.problem));
});

test.for(refused)('$name is refused in pieces', (fixture) => {
  const whole = read([bytesOf(fixture)]);
  for (const chunks of cutsOf(bytesOf(fixture))) expect(read(chunks)).toEqual(whole);
});
