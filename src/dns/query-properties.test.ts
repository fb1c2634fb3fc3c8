/** Whatever comes back, in whatever order: a query ends once, in time, and gives up all that it began. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PostSocketsError } from '../base/errors.ts';
import { seededRandom } from '../base/random.ts';
import { emitMessage, type Message, parseMessage } from '../wire/dns/message.ts';
import { anyRecord } from '../wire/dns/message-harness.ts';
import { type Attempt, mostWrong, type Outcome, QueryMachine } from './query.ts';
import { parseServer } from './resolv-conf.ts';
import { Server } from './server.ts';
import { a, cname, echo, soa } from './server-harness.ts';

type Happening =
	| { readonly type: 'reply'; readonly which: number; readonly more: Partial<Message> }
	| { readonly type: 'bytes'; readonly which: number; readonly bytes: Uint8Array }
	| { readonly type: 'failed'; readonly which: number }
	| { readonly type: 'wait'; readonly milliseconds: number }
	| { readonly type: 'abort' };

const which = fc.nat(20);
const more: fc.Arbitrary<Partial<Message>> = fc.oneof(
	fc.record({ rcode: fc.constantFrom(1, 2, 3, 4, 5, 9) }),
	fc.constant({ truncated: true }),
	fc.constantFrom(
		{ id: 0 },
		{ questions: [] },
		{ response: false },
		{ questions: [{ name: 'A.TEST', type: 'A' as const }] },
	),
	fc.constant({ authorities: [soa('test')] }),
	fc.constant({ answers: [a('a.test', '192.0.2.1')] }),
	fc.constant({ answers: [cname('a.test', 'b.test')] }),
	fc.record({ answers: fc.array(anyRecord, { maxLength: 3 }) }),
);

const happening: fc.Arbitrary<Happening> = fc.oneof(
	{ weight: 4, arbitrary: fc.record({ type: fc.constant('reply' as const), which, more }) },
	fc.record({ type: fc.constant('bytes' as const), which, bytes: fc.uint8Array({ maxLength: 60 }) }),
	fc.record({ type: fc.constant('failed' as const), which }),
	{ weight: 4, arbitrary: fc.record({ type: fc.constant('wait' as const), milliseconds: fc.nat(4_000) }) },
	{ weight: 1, arbitrary: fc.constant({ type: 'abort' as const }) },
);

const plan = fc.record({
	servers: fc.integer({ min: 1, max: 4 }),
	transports: fc.constantFrom([true, true], [true, false], [false, true]),
	attempts: fc.integer({ min: 1, max: 4 }),
	seed: fc.nat(),
});

test('a query ends once, in time, with nothing under way, having asked no more than it may', () => {
	fc.assert(
		fc.property(plan, fc.array(happening, { maxLength: 60 }), ({ servers, transports, attempts, seed }, happenings) => {
			const machine = new QueryMachine({
				name: 'a.test',
				type: 'A',
				servers: Array.from({ length: servers }, (_, index) => new Server(parseServer(`192.0.2.${index + 1}`))),
				datagrams: transports[0]!,
				streams: transports[1]!,
				timeout: 1_000,
				attempts,
				random: seededRandom(seed),
			});
			const all: Attempt[] = [];
			const running = new Set<Attempt>();
			const outcomes: Outcome[] = [];
			const sink = {
				send(attempt: Attempt) {
					assert.equal(outcomes.length, 0);
					assert.ok(transports[attempt.by === 'datagram' ? 0 : 1]);
					all.push(attempt);
					running.add(attempt);
				},
				cancel: (attempt: Attempt) => assert.ok(running.delete(attempt), 'only what runs is cancelled'),
				done: (outcome: Outcome) => void outcomes.push(outcome),
			};
			let now = 0;
			let aborted = false;
			const step = (event: Parameters<QueryMachine['step']>[0]) => machine.step(event, now, sink);
			step({ type: 'begin' });
			const wait = (until: number) => {
				while (machine.deadline <= until) {
					assert.ok(machine.deadline >= now, 'time does not go back');
					now = machine.deadline;
					step({ type: 'wake' });
				}
				now = until;
			};
			for (const each of happenings) {
				if (each.type === 'wait') wait(now + each.milliseconds);
				else if (each.type === 'abort') {
					aborted ||= outcomes.length === 0;
					step(each);
				} else {
					const attempt = all[each.which % all.length]!;
					if (each.type === 'failed') {
						running.delete(attempt);
						step({ type: 'failed', attempt, error: new PostSocketsError('refused', 'no') });
					} else {
						const bytes =
							each.type === 'bytes' ? each.bytes : emitMessage({ ...echo(parseMessage(attempt.query)!), ...each.more });
						step({ type: 'message', attempt, bytes });
					}
				}
				assert.ok([...running].every(({ wrong }) => wrong <= mostWrong));
			}
			wait(1_000 * 2 ** attempts);
			wait(now + 1_000 * 2 ** attempts);
			assert.equal(machine.deadline, Number.POSITIVE_INFINITY);
			assert.equal(outcomes.length, aborted ? 0 : 1);
			assert.equal(running.size, 0);
			// In each round: as it is, in one case, without EDNS, by stream.
			assert.ok(all.length <= 4 * attempts * servers, `${all.length}`);
		}),
		{ numRuns: 400 },
	);
});
