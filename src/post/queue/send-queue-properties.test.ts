/** The send queue against its twin, under any sequence of operations. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PostSocketsError } from '../../base/errors.ts';
import { type Ending, Entry, type EntryOptions } from './entry.ts';
import { type Fate, QueueTwin, type Traits } from './queue-twin.ts';
import { defaultQueueLimits, type Estimate, type QueueLimits, SendQueue } from './send-queue.ts';

interface Reference {
	/** Ahead of the message that names it, or behind. */
	readonly distance: number;
	readonly byNumber: boolean;
}

/** Which message an operation is about: so many before the last one. */
type Which = number;

type Operation =
	| { readonly type: 'add'; readonly traits: Omit<Traits, 'antecedents'>; readonly references: readonly Reference[] }
	| { readonly type: 'next'; readonly estimate: Estimate }
	| { readonly type: 'sent'; readonly which: Which }
	| { readonly type: 'fail'; readonly which: Which }
	| { readonly type: 'withdraw'; readonly which: Which }
	| { readonly type: 'extend'; readonly which: Which; readonly by: number }
	| { readonly type: 'drop'; readonly every: number }
	| { readonly type: 'wait'; readonly ms: number }
	| { readonly type: 'end' }
	| { readonly type: 'failAll' };

const forEver = Number.POSITIVE_INFINITY;
const roomy = { ...defaultQueueLimits };
const lost = new PostSocketsError('send-failed', 'lost');

const anyTraits = fc.record({
	length: fc.nat(20),
	priority: fc.constantFrom(100, 100, 100, 0, 50, 101),
	/** From now. */
	deadline: fc.oneof(fc.constant(forEver), fc.nat(60)),
	ordered: fc.boolean(),
	final: fc.nat(60).map((chance) => chance === 0),
});
const plainTraits = anyTraits.map((traits) => ({ ...traits, priority: 100, deadline: forEver, final: false }));
const anyReferences = fc.array(fc.record({ distance: fc.integer({ min: -8, max: 4 }), byNumber: fc.boolean() }), {
	maxLength: 3,
});
const anyAdd = fc.record({
	type: fc.constant('add' as const),
	traits: fc.oneof({ weight: 3, arbitrary: anyTraits }, plainTraits),
	references: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, anyReferences),
});
const which = fc.nat(12);
const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
	{ weight: 120, arbitrary: anyAdd },
	{
		weight: 60,
		arbitrary: fc.record({
			type: fc.constant('next' as const),
			estimate: fc.record({ bytesPerMs: fc.constantFrom(forEver, 1, 4), below: fc.nat(20), delay: fc.nat(10) }),
		}),
	},
	{ weight: 40, arbitrary: fc.record({ type: fc.constant('sent' as const), which }) },
	{ weight: 30, arbitrary: fc.record({ type: fc.constantFrom('fail' as const, 'withdraw' as const), which }) },
	{
		weight: 20,
		arbitrary: fc.record({
			type: fc.constant('extend' as const),
			which,
			by: fc.oneof(fc.integer({ min: -20, max: 40 }), fc.constant(forEver)),
		}),
	},
	{ weight: 30, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.nat(15) }) },
	{ weight: 3, arbitrary: fc.record({ type: fc.constant('drop' as const), every: fc.integer({ min: 1, max: 4 }) }) },
	{ weight: 1, arbitrary: fc.record({ type: fc.constantFrom('end' as const, 'failAll' as const) }) },
);

/** Both at once; says when they differ. */
class Pair {
	readonly messages: Entry[] = [];
	/** By the number of the successor. */
	readonly #antecedents: number[][] = [];
	readonly #queue: SendQueue<Entry>;
	readonly #twin: QueueTwin;
	readonly #events: [number, Fate][] = [];
	#now = 0;

	constructor(limits: QueueLimits) {
		this.#queue = new SendQueue(this.#onEnd, limits);
		this.#twin = new QueueTwin(limits);
	}

	do(operation: Operation): void {
		this.#do(operation);
		const sorted = (events: [number, Fate][]) => events.sort(([one], [other]) => one - other).map(String);
		assert.deepEqual(sorted(this.#events), sorted(this.#twin.events));
		for (const name of ['bytes', 'messages', 'queued', 'deadline', 'ended'] as const) {
			assert.equal(this.#queue[name], this.#twin[name], name);
		}
	}

	/** Starts and sends all that can be. */
	drain(): void {
		for (let before = -1; before !== this.#queue.messages; ) {
			before = this.#queue.messages;
			this.do({ type: 'next', estimate: { bytesPerMs: forEver, below: 0, delay: 0 } });
			for (let which = 0; which < this.messages.length; which += 1) this.do({ type: 'sent', which });
		}
	}

	assertAllEndedOnce(): void {
		const ended = this.#events.map(([id]) => id).sort((one, other) => one - other);
		assert.deepEqual(
			ended,
			this.messages.map(({ id }) => id),
		);
		assert.deepEqual([this.#queue.bytes, this.#queue.messages, this.#queue.queued], [0, 0, 0]);
	}

	#do(operation: Operation): void {
		const message = 'which' in operation ? this.messages.at(-1 - operation.which) : undefined;
		if (operation.type === 'add') this.#add(operation.traits, operation.references);
		else if (operation.type === 'next') this.#next(operation.estimate);
		else if (operation.type === 'drop') {
			this.#queue.drop(({ id }) => id % operation.every === 0);
			this.#twin.drop((id) => id % operation.every === 0);
		} else if (operation.type === 'wait') {
			this.#now += operation.ms;
			this.#queue.expire(this.#now);
			this.#twin.expire(this.#now);
		} else if (operation.type === 'end') {
			this.#queue.end();
			this.#twin.end();
		} else if (operation.type === 'failAll') {
			this.#queue.failAll(lost);
			this.#twin.failAll();
		} else if (!message) return;
		else if (operation.type === 'sent') {
			this.#queue.sent(message);
			this.#twin.sent(message.id);
		} else if (operation.type === 'fail') {
			this.#queue.fail(message, lost);
			this.#twin.fail(message.id);
		} else if (operation.type === 'withdraw') {
			assert.equal(this.#queue.withdraw(message), this.#twin.withdraw(message.id));
		} else {
			const deadline = this.#now + operation.by;
			assert.equal(this.#queue.extend(message, deadline), this.#twin.extend(message.id, deadline));
		}
	}

	#add(traits: Omit<Traits, 'antecedents'>, references: readonly Reference[]): void {
		const deadline = this.#now + traits.deadline;
		const id = this.messages.length + 1;
		const named = references.map(({ distance, byNumber }) => ({ number: Math.max(1, id + distance), byNumber }));
		const antecedents: EntryOptions['antecedents'] = named.map(({ number, byNumber }) => {
			const message = this.messages[number - 1];
			// By number the queue finds what waits and remembers what was lost; what is on its way down is its holder's.
			return message && (!byNumber || message.state === 'started') ? message : number;
		});
		const message = new Entry(traits.length, { ...traits, deadline, antecedents });
		this.#antecedents[id - 1] = named.map(({ number }) => number);
		const expected = this.#twin.add({ ...traits, deadline, antecedents: this.#antecedents[id - 1]! });
		// It may end while it is added.
		this.messages.push(message);
		let code: string | undefined;
		try {
			this.#queue.add(message);
		} catch (error) {
			assert.ok(error instanceof PostSocketsError);
			code = error.code;
			this.messages.pop();
			assert.deepEqual([message.id, message.state], [0, 'new']);
		}
		assert.equal(code, expected);
	}

	#next(estimate: Estimate): void {
		const message = this.#queue.next(this.#now, estimate);
		assert.equal(message?.id, this.#twin.next(this.#now, estimate));
		if (!message) return;
		assert.equal(message.state, 'started');
		assert.ok(message.deadline > this.#now, 'nothing starts after its lifetime');
		for (const number of this.#antecedents[message.id - 1]!) {
			const { state, ending = 'sent' } = this.messages[number - 1]!;
			assert.ok(state !== 'queued', 'nothing starts before its antecedents');
			assert.equal(ending, 'sent', 'nothing starts after an antecedent was lost');
		}
	}

	readonly #onEnd = (message: Entry, ending: Ending) => {
		assert.deepEqual([message.state, message.ending, this.messages.includes(message)], ['ended', ending, true]);
		this.#events.push([message.id, ending instanceof PostSocketsError ? 'failed' : ending]);
	};
}

function run(limits: QueueLimits, operations: readonly Operation[]): void {
	const pair = new Pair(limits);
	for (const operation of operations) pair.do(operation);
	pair.drain();
	pair.do({ type: 'end' });
	pair.drain();
	pair.assertAllEndedOnce();
}

test('the queue does what its twin does, and each message ends exactly once', () => {
	fc.assert(
		fc.property(fc.array(anyOperation, { maxLength: 80, size: 'max' }), (operations) => run(roomy, operations)),
		{ numRuns: 500 },
	);
});

test('the queue refuses what its twin refuses', () => {
	const narrow = fc.record({
		maxQueuedBytes: fc.integer({ min: 1, max: 80 }),
		maxQueuedMessages: fc.integer({ min: 1, max: 12 }),
		maxAntecedents: fc.integer({ min: 1, max: 6 }),
	});
	fc.assert(
		fc.property(narrow, fc.array(anyOperation, { maxLength: 60, size: 'max' }), (limits, operations) =>
			run(limits, operations),
		),
		{ numRuns: 300 },
	);
});
