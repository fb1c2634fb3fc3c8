/**
 * The contract of `Flow` as tests: `flowSuite('my flows', makePair)` in a test file runs them on yours.
 *
 * Nothing is timed: a test waits for events up to half a minute, and for silence a twentieth of one.
 */

import assert from 'node:assert/strict';
import { PostSocketsError } from '../base/errors.ts';
import { seededRandom } from '../base/random.ts';
import { formatSocketAddress, sameSocketAddress } from '../base/socket-address.ts';
import { deaf, type Flow, type FlowHandler } from '../stack/flow.ts';
import { type FlowProbe, probePair } from './flow-probe.ts';
import { type SuiteOptions, settled, suite, turns, until } from './suite.ts';

/** Two ends of one flow, fresh: nobody has set a handler or resumed. */
export interface FlowPair {
	readonly a: Flow;
	readonly b: Flow;
	/** Frees what the pair stood on. Both flows have closed by then. */
	close(): Promise<void>;
}

/** More than any implementation may keep in its buffers, in bytes. */
const beyondBuffers = 2 ** 26;

export function flowSuite(name: string, makePair: () => Promise<FlowPair>, options: SuiteOptions = {}): void {
	suite(name, options, (declare) => {
		/** Runs `body` on a fresh pair, then expects that every flow closes and that nothing broke the contract. */
		async function withPair(body: (a: FlowProbe, b: FlowProbe) => Promise<void>, seed?: number): Promise<void> {
			const pair = await makePair();
			const { a, b } = probePair(pair.a, pair.b, seed);
			try {
				await body(a, b);
				for (const end of [a, b]) if (!end.closed) end.abort();
				await until('both ends had onClose', () => a.closed && b.closed);
			} finally {
				for (const end of [a, b]) if (!end.closed) end.flow.abort();
				await pair.close();
			}
			await turns(3);
			assert.deepEqual({ a: a.breaches, b: b.breaches }, { a: [], b: [] });
		}

		function pairTest(title: string, body: (a: FlowProbe, b: FlowProbe) => Promise<void>): void {
			declare(title, () => withPair(body));
		}

		/** Ends both and expects a close without an error, after all bytes. */
		async function endInOrder(a: FlowProbe, b: FlowProbe): Promise<void> {
			for (const end of [a, b]) {
				end.end();
				end.resume();
			}
			await until('both ends closed', () => a.closed && b.closed);
			assertOrderly(a, b);
		}

		pairTest('a flow is born paused, and what came before its handler is not missed', async (a, b) => {
			const early: string[] = [];
			b.flow.handler = spy((event) => early.push(event));
			a.write(1000);
			a.write(0, 24);
			a.end();
			await settled(() => early.length);
			assert.deepEqual(early, []);
			b.flow.handler = b;
			b.resume();
			await until('b has everything', () => b.ended);
			assert.equal(b.received, 1024);
		});

		pairTest('the ends name each other', async (a, b) => {
			const text = [a.flow.local, a.flow.remote, b.flow.local, b.flow.remote].map(formatSocketAddress).join(', ');
			assert.ok(sameSocketAddress(a.flow.local, b.flow.remote), text);
			assert.ok(sameSocketAddress(a.flow.remote, b.flow.local), text);
		});

		pairTest('bytes arrive in order, both ways at once, in writes and chunks of any size', async (a, b) => {
			const random = seededRandom(7);
			a.resume();
			b.resume();
			a.writeAtRandom(4_000_000, random);
			b.writeAtRandom(3_000_000, random);
			a.write(2 ** 21, 0, 1, 2 ** 20);
			await until('all is there', () => b.received === a.sent && a.received === b.sent);
			await until('every done came', () => a.dones === a.writes && b.dones === b.writes);
			await endInOrder(a, b);
		});

		pairTest('a small message goes back and forth', async (a, b) => {
			a.resume();
			b.resume();
			b.whenData = () => b.write(b.received - b.sent);
			for (let round = 1; round <= 20; round += 1) {
				a.write(5);
				await until('the answer is there', () => a.received === 5 * round && b.received === 5 * round);
			}
			await endInOrder(a, b);
		});

		pairTest('a write of no bytes, or of no chunks, is done in its turn', async (a, b) => {
			b.resume();
			a.write();
			a.write(0);
			a.write(10);
			a.write(0, 0);
			await until('four writes are done', () => a.dones === 4);
			await until('the ten bytes are there', () => b.received === 10);
		});

		pairTest('write says when no more is welcome, and onDrain when it is again', async (a, b) => {
			let welcome = true;
			while (welcome && a.sent < beyondBuffers) {
				welcome = a.write(65_536);
				await turns();
			}
			assert.equal(welcome, false, `${a.sent} bytes were welcome although nobody reads`);
			await settled(() => a.handedOver);
			assert.equal(a.drains, 0);
			b.resume();
			await until('more is welcome', () => a.drains === 1);
			await until('all is there', () => b.received === a.sent);
			await settled(() => a.drains);
			assert.equal(a.drains, 1, 'onDrain came more than once');
			assert.equal(a.write(1), true, 'after onDrain, with nothing queued, one byte must be welcome');
		});

		pairTest('a write that is not welcome is queued all the same', async (a, b) => {
			while (a.write(65_536)) assert.ok(a.sent < beyondBuffers);
			for (let more = 0; more < 10; more += 1) a.write(10_000);
			b.resume();
			await until('all is there', () => b.received === a.sent);
			await until('every done came', () => a.dones === a.writes);
		});

		pairTest('a paused reader stops the writer, and resume lets it go on', async (a, b) => {
			while (a.sent < beyondBuffers) a.write(2 ** 20);
			const bound = await settled(() => a.handedOver);
			assert.ok(bound < beyondBuffers, 'everything was handed over although nobody reads');
			b.whenData = () => {
				b.whenData = undefined;
				b.pause();
			};
			b.resume();
			await until('some is there', () => b.received > 0);
			const next = await settled(() => a.handedOver);
			assert.ok(next < beyondBuffers, 'everything was handed over although the reader paused again');
			b.resume();
			await until('all is there', () => b.received === a.sent);
			await until('every done came', () => a.dones === a.writes);
			await endInOrder(a, b);
		});

		pairTest('pause inside onData holds at once', async (a, b) => {
			b.whenData = () => b.pause();
			for (let index = 0; index < 20; index += 1) a.write(20_000, 5_000);
			a.end();
			while (!b.ended) {
				const before = b.received;
				if (b.paused) b.resume();
				await until('the next chunk or the end came', () => b.received > before || b.ended);
				await turns(2);
			}
			assert.equal(b.received, a.sent);
		});

		pairTest('pause and resume in one turn lose nothing', async (a, b) => {
			for (let index = 0; index < 50; index += 1) {
				a.write(3000);
				b.resume();
				b.pause();
				if (index % 3 === 0) await turns();
				b.resume();
				b.resume();
			}
			await until('all is there', () => b.received === a.sent);
		});

		pairTest('onEnd waits for resume', async (a, b) => {
			b.whenData = () => b.pause();
			b.resume();
			a.write(100);
			await until('the data is there', () => b.received === 100);
			a.end();
			await settled(() => b.ended);
			assert.equal(b.ended, false);
			b.resume();
			await until('the end is there', () => b.ended);
		});

		pairTest('end comes after everything queued', async (a, b) => {
			a.write(2 ** 23);
			a.write(1);
			a.end();
			await turns(5);
			b.resume();
			await until('the end is there', () => b.ended);
			assert.equal(b.received, 2 ** 23 + 1);
		});

		pairTest('end leaves the other direction open', async (a, b) => {
			a.resume();
			b.resume();
			a.write(10);
			a.end();
			await until('b heard the end', () => b.ended);
			b.write(100_000);
			await until('a got the answer', () => a.received === 100_000);
			await settled(() => a.closed || b.closed);
			assert.deepEqual([a.ended, a.closed, b.closed], [false, false, false]);
			b.end();
			await until('both ends closed', () => a.closed && b.closed);
			assertOrderly(a, b);
		});

		pairTest('the end that was connected to may end first', async (a, b) => {
			a.resume();
			b.resume();
			b.end();
			await until('a heard the end', () => a.ended);
			a.write(100_000);
			await until('b got the answer', () => b.received === 100_000);
			assert.equal(a.closed || b.closed, false);
			a.end();
			await until('both ends closed', () => a.closed && b.closed);
			assertOrderly(a, b);
		});

		pairTest('both may end at once, with bytes under way', async (a, b) => {
			a.resume();
			b.resume();
			a.write(500_000);
			b.write(500_000);
			await endInOrder(a, b);
		});

		pairTest('end may be repeated', async (a, b) => {
			a.resume();
			b.resume();
			a.write(10);
			a.end();
			a.end();
			await until('b heard the end', () => b.ended);
			a.end();
			await endInOrder(a, b);
			a.end();
		});

		pairTest('an orderly close waits for a reader that is paused', async (a, b) => {
			a.resume();
			a.write(1000);
			a.end();
			b.end();
			await settled(() => b.closed);
			assert.equal(b.closed, false, 'b closed before it got its bytes');
			b.resume();
			await until('both ends closed', () => a.closed && b.closed);
			assertOrderly(a, b);
		});

		pairTest('a write after end is dropped', async (a, b) => {
			b.resume();
			a.write(10);
			a.end();
			assert.equal(a.write(10), false);
			await until('b heard the end', () => b.ended);
			assert.equal(a.write(10), false);
			await settled(() => b.received);
			assert.equal(b.received, 10);
		});

		pairTest('a write after abort is dropped', async (a) => {
			a.abort();
			assert.equal(a.write(10), false);
			await until('a closed', () => a.closed);
			assert.equal(a.write(10), false);
			await settled(() => a.dones);
		});

		pairTest('abort closes both ends, the peer with reset or at least an end', async (a, b) => {
			a.resume();
			b.resume();
			a.write(1000);
			await until('b got it', () => b.received === 1000);
			a.abort();
			await until('a closed', () => a.closed);
			assert.equal(a.error?.code, 'aborted');
			await until('b noticed', () => b.closed || b.ended);
			if (!b.closed) b.end();
			await until('b closed', () => b.closed);
			assert.ok(b.error === undefined || b.error.code === 'reset', b.error?.message);
		});

		pairTest('abort drops what is queued', async (a, b) => {
			while (a.sent < beyondBuffers) a.write(2 ** 20);
			await turns(3);
			a.abort();
			await until('a closed', () => a.closed);
			b.resume();
			await until('b noticed', () => b.closed || b.ended);
			assert.ok(b.received < a.sent);
		});

		pairTest('abort in the turn of a write and an end still aborts', async (a, b) => {
			b.resume();
			a.write(10_000);
			a.end();
			a.abort();
			await until('a closed', () => a.closed);
			assert.equal(a.error?.code, 'aborted');
		});

		pairTest('abort with a reason closes with that reason, the first one given', async (a, b) => {
			a.resume();
			b.resume();
			const reason = new PostSocketsError('too-large', 'this test says so');
			a.abort(reason);
			a.abort(new PostSocketsError('malformed', 'too late'));
			await until('a closed', () => a.closed);
			assert.equal(a.error, reason);
		});

		pairTest('abort inside onData is the last of the data', async (a, b) => {
			b.whenData = () => b.abort();
			b.resume();
			for (let index = 0; index < 20; index += 1) a.write(50_000);
			await until('b closed', () => b.closed);
			assert.equal(b.error?.code, 'aborted');
		});

		pairTest('abort by both at once closes both', async (a, b) => {
			a.resume();
			b.resume();
			a.write(1000);
			b.write(1000);
			a.abort();
			b.abort();
			await until('both closed', () => a.closed && b.closed);
			assert.deepEqual([a.error?.code, b.error?.code], ['aborted', 'aborted']);
		});

		pairTest('a writer whose peer has aborted closes', async (a, b) => {
			a.resume();
			b.resume();
			b.abort();
			await until('a closed', () => {
				if (!a.closed && a.sent < beyondBuffers) a.write(1000);
				return a.closed;
			});
			assert.ok(a.error !== undefined, 'bytes were lost, so there must be an error');
		});

		pairTest('calls after onClose do nothing', async (a, b) => {
			a.resume();
			b.resume();
			await endInOrder(a, b);
			for (const end of [a, b]) {
				assert.equal(end.write(10), false);
				end.end();
				end.pause();
				end.resume();
				end.flow.ref();
				end.flow.unref();
				end.abort();
			}
			await settled(() => a.breaches.length);
			assertOrderly(a, b);
		});

		pairTest('what a call causes comes in a later turn', async (a, b) => {
			const events: string[] = [];
			await settled(() => 0);
			a.flow.handler = spy((event) => events.push(`a ${event}`), a);
			b.flow.handler = spy((event) => events.push(`b ${event}`), b);
			for (const act of [
				() => b.resume(),
				() => a.write(100),
				() => b.pause(),
				() => a.write(100),
				() => b.resume(),
				() => a.end(),
				() => b.abort(),
				() => a.abort(),
			]) {
				// A turn of our own: what is heard before it is over was caused by the call.
				await settled(() => events.length);
				const before = [...events];
				act();
				for (let microtask = 0; microtask < 5; microtask += 1) await undefined;
				assert.deepEqual(events, before);
			}
		});

		pairTest('a handler set in flight hears everything from then on', async (a, b) => {
			const heard = { first: 0, second: 0, old: false };
			b.flow.handler = spy(() => {
				heard.first += 1;
				if (heard.first === 1) {
					b.flow.handler = spy(() => {
						heard.second += 1;
					}, b);
				} else heard.old = true;
			}, b);
			a.resume();
			b.resume();
			a.write(1000);
			await until('the first chunk is there', () => heard.first === 1);
			a.write(1000);
			await until('the rest is there', () => b.received === 2000);
			await endInOrder(a, b);
			assert.equal(heard.old, false, 'the old handler heard something after it was replaced');
			assert.ok(heard.second >= 2);
		});

		pairTest('a handler that throws reaches the host, and the flow goes on', async (a, b) => {
			const uncaught: unknown[] = [];
			process.setUncaughtExceptionCaptureCallback((error) => uncaught.push(error));
			try {
				const bug = new Error('a bug of the owner');
				b.whenData = () => {
					b.whenData = undefined;
					throw bug;
				};
				a.resume();
				b.resume();
				a.write(10);
				await until('the error reached the host', () => uncaught.length > 0);
				a.write(100_000);
				await until('the rest is there', () => b.received === a.sent);
				await endInOrder(a, b);
				assert.deepEqual(uncaught, [bug]);
			} finally {
				process.setUncaughtExceptionCaptureCallback(null);
			}
		});

		for (const aborting of [false, true]) {
			declare(`random calls on both ends agree with the model${aborting ? ', aborts included' : ''}`, async () => {
				for (let seed = 1; seed <= 20; seed += 1) {
					await withPair((a, b) => walk(a, b, seed, aborting), seed).catch((error: unknown) => {
						throw new Error(`with seed ${seed}: ${String(error)}`, { cause: error });
					});
				}
			});
		}
	});
}

/** The model of a flow: what was received is a prefix of what the peer sent, and all of it at an orderly close. */
async function walk(a: FlowProbe, b: FlowProbe, seed: number, aborting: boolean): Promise<void> {
	const random = seededRandom(seed);
	for (let step = 0; step < 60; step += 1) {
		const end = random.below(2) === 0 ? a : b;
		const dice = random.below(100);
		if (dice < 45) end.write(random.below(2 ** random.below(18)));
		else if (dice < 60) end.resume();
		else if (dice < 70) end.pause();
		else if (dice < 72) end.end();
		else if (dice < 74 && aborting) end.abort();
		else await turns(1 + random.below(3));
	}
	for (const end of [a, b]) {
		end.end();
		end.resume();
	}
	await until('both ends closed', () => a.closed && b.closed);
	// The probes have checked that every byte received was the right one.
	assert.ok(a.received <= b.sent && b.received <= a.sent, 'more was received than sent');
	if (!aborting) assertOrderly(a, b);
	for (const [end, peer] of [
		[a, b],
		[b, a],
	] as const) {
		if (end.error ?? peer.error) continue;
		assert.equal(end.received, peer.sent, 'a close without an error lost bytes');
	}
}

function assertOrderly(a: FlowProbe, b: FlowProbe): void {
	assert.deepEqual([a.error, b.error], [undefined, undefined]);
	assert.deepEqual([a.ended, b.ended], [true, true]);
	assert.deepEqual([a.received, b.received], [b.sent, a.sent]);
	assert.deepEqual([a.dones, b.dones], [a.writes, b.writes]);
}

/** Tells `hear` of every event, then passes it on. */
function spy(hear: (event: keyof FlowHandler) => void, next: FlowHandler = deaf): FlowHandler {
	return {
		onData(chunk) {
			hear('onData');
			next.onData(chunk);
		},
		onDrain() {
			hear('onDrain');
			next.onDrain();
		},
		onEnd() {
			hear('onEnd');
			next.onEnd();
		},
		onClose(error) {
			hear('onClose');
			next.onClose(error);
		},
	};
}
