import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PostSocketsError } from '../../base/errors.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import { type Ending, Entry, type EntryOptions } from './entry.ts';
import { type QueueLimits, SendQueue } from './send-queue.ts';

class Named extends Entry {
	readonly name: string;

	constructor(name: string, options?: EntryOptions & { readonly length?: number }) {
		super(options?.length ?? 1, options);
		this.name = name;
	}
}

function setup(limits?: Partial<QueueLimits>) {
	const ended: [name: string, ending: Ending][] = [];
	const queue = new SendQueue<Named>(({ name }, ending) => ended.push([name, ending]), limits);
	const add = (name: string, options?: EntryOptions & { readonly length?: number }) => {
		const message = new Named(name, options);
		queue.add(message);
		return message;
	};
	/** Starts and sends whatever there is, at once. */
	const rest = (now = 0) => {
		const names: string[] = [];
		for (let message = queue.next(now); message; message = queue.next(now)) {
			names.push(message.name);
			queue.sent(message);
		}
		return names.join(' ');
	};
	return { queue, add, rest, ended };
}

const free = { ordered: false };
const broken = new PostSocketsError('reset', 'the peer reset the connection');

test('messages without properties go in the order of sending, ordered or not', () => {
	for (const ordered of [true, false]) {
		const { queue, add, rest, ended } = setup();
		for (const name of ['a', 'b', 'c']) add(name, { ordered });
		assert.deepEqual([queue.messages, queue.queued, queue.bytes, queue.deadline], [3, 3, 3, Number.POSITIVE_INFINITY]);
		assert.equal(rest(), 'a b c');
		assert.deepEqual(ended, [
			['a', 'sent'],
			['b', 'sent'],
			['c', 'sent'],
		]);
		assert.deepEqual([queue.messages, queue.queued, queue.bytes], [0, 0, 0]);
	}
});

test('a message counts until it is handed down', () => {
	const { queue, add, ended } = setup();
	add('a', { length: 10 });
	const a = queue.next(0)!;
	assert.deepEqual([queue.queued, queue.messages, queue.bytes, ended], [0, 1, 10, []]);
	queue.sent(a);
	queue.sent(a);
	queue.fail(a, broken);
	assert.deepEqual([queue.messages, queue.bytes, ended], [0, 0, [['a', 'sent']]]);
});

test('a lower priority value goes first, also if another misses its lifetime for it', () => {
	const { queue, add, rest, ended } = setup();
	add('plain', free);
	add('dull', { ...free, priority: 101 });
	add('hurried', { ...free, priority: 50, deadline: 10 });
	add('urgent', { ...free, priority: 0, length: 10 });
	const urgent = queue.next(0, { bytesPerMs: 1, below: 0, delay: 0 })!;
	assert.equal(urgent.name, 'urgent');
	queue.sent(urgent);
	assert.equal(rest(10), 'plain dull');
	assert.deepEqual(ended[1], ['hurried', 'expired']);
});

test('within a priority the earliest deadline goes first, messages without one last', () => {
	const { add, rest } = setup();
	add('never', free);
	add('late', { ...free, deadline: 30 });
	add('soon', { ...free, deadline: 10 });
	add('as soon', { ...free, deadline: 10 });
	assert.equal(rest(), 'soon as soon late never');
});

test('ordered messages keep the order of sending, whatever their priorities; others overtake them', () => {
	const { add, rest } = setup();
	add('o1', { priority: 200 });
	add('o2', { priority: 0, deadline: 50 });
	add('free', { ...free, priority: 150 });
	add('o3');
	add('urgent', { ...free, priority: 1 });
	assert.equal(rest(), 'urgent free o1 o2 o3');
});

test('what would come too late is dropped before its first byte: drain, length and way count', () => {
	const { queue, add, ended } = setup();
	const estimate = { bytesPerMs: 2, below: 20, delay: 5 };
	add('late', { deadline: 119.9, length: 10 });
	add('just', { deadline: 120, length: 10 });
	assert.equal(queue.next(100, estimate)?.name, 'just');
	assert.deepEqual(ended, [['late', 'expired']]);
});

test('who might be late goes after who will not, and is not given up', () => {
	const { queue, add, ended } = setup();
	const estimate = { bytesPerMs: 1, below: 10, delay: 3 };
	add('doubtful', { ...free, deadline: 42, length: 10 });
	add('later', { ...free, deadline: 100 });
	const plain = add('plain', free);
	assert.equal(queue.next(0, { ...estimate, bytesPerMs: 2 })?.name, 'doubtful');
	add('doubtful', { ...free, deadline: 42, length: 10 });
	assert.deepEqual(
		[1, 2, 3].map(() => queue.next(0, estimate)?.name),
		['later', 'doubtful', 'plain'],
	);
	assert.equal(plain.state, 'started');
	assert.deepEqual(ended, []);
});

test('a message expires when its deadline has come, asked or not; what was started does not', async () => {
	const clock = virtualClock();
	const { queue, add, ended } = setup();
	add('soon', { deadline: 10 });
	add('later', { ...free, deadline: 20 });
	const wake = () => {
		queue.expire(clock.now());
		if (queue.deadline < Number.POSITIVE_INFINITY) clock.after(queue.deadline - clock.now(), wake);
	};
	wake();
	assert.equal(queue.deadline, 10);
	await new Promise<void>((resolve) => clock.after(15, resolve));
	assert.deepEqual([ended, queue.deadline], [[['soon', 'expired']], 20]);
	assert.equal(queue.next(clock.now())?.name, 'later');
	assert.equal(queue.deadline, Number.POSITIVE_INFINITY);
	await new Promise<void>((resolve) => clock.after(15, resolve));
	assert.equal(ended.length, 1);
});

test('a message waits for its antecedents, named before or after they were sent', () => {
	const { queue, add, rest } = setup();
	const base = add('base', { ...free, priority: 200 });
	add('successor', { ...free, priority: 0, antecedents: [base, base, 4] });
	add('other');
	assert.equal(queue.next(0)?.name, 'other');
	add('forward', { ...free, priority: 300 });
	assert.equal(rest(), 'base forward successor');
	add('of the past', { antecedents: [base, 3] });
	assert.equal(rest(), 'of the past');
});

test('an ordered message that waited has its place in the order again', () => {
	const { add, rest } = setup();
	const first = add('first');
	add('second', { antecedents: [first] });
	add('held up', { antecedents: [6] });
	add('fourth');
	add('fifth');
	add('sixth', { ...free, priority: 0 });
	assert.equal(rest(), 'sixth first second held up fourth fifth');
});

test('what is lost takes its successors along, each once and in the same way', () => {
	const endings: [Ending, (queue: SendQueue<Named>, a: Named) => unknown][] = [
		['expired', (queue) => queue.expire(10)],
		['withdrawn', (queue, a) => queue.withdraw(a)],
		['withdrawn', (queue, a) => queue.drop((message) => message === a)],
		[broken, (queue, a) => queue.fail(a, broken)],
		[broken, (queue) => queue.failAll(broken)],
	];
	for (const [ending, lose] of endings) {
		const { queue, add, ended, rest } = setup();
		const a = add('a', { deadline: 10 });
		const b = add('b', { antecedents: [a] });
		add('c', { antecedents: [a, b] });
		add('d', { antecedents: [b, 9] });
		lose(queue, a);
		assert.deepEqual(
			ended,
			['a', 'b', 'c', 'd'].map((name) => [name, ending]),
		);
		assert.equal(rest(), '');
		if (queue.ended) continue;
		add('by message', { antecedents: [b] });
		add('by number', { antecedents: [1] });
		assert.deepEqual(
			ended.slice(4),
			['by message', 'by number'].map((name) => [name, ending]),
		);
	}
});

test('what fails on its way down takes along the successors that were not started', () => {
	const { queue, add, ended } = setup();
	const a = add('a');
	queue.next(0);
	add('b', { antecedents: [a] });
	add('c', { antecedents: [a] });
	assert.equal(queue.next(0)?.name, 'b');
	queue.fail(a, broken);
	assert.deepEqual(ended, [
		['a', broken],
		['c', broken],
	]);
});

test('antecedents that can never be met are refused, and leave no trace', () => {
	const { queue, add, rest, ended } = setup();
	const refused = (options: EntryOptions, reason: RegExp) =>
		assert.throws(
			() => add('refused', options),
			(error: PostSocketsError) => error.code === 'bad-argument' && reason.test(error.message),
		);
	const first = add('first', { antecedents: [4] });
	const second = add('second', { antecedents: [first] });
	add('third', { antecedents: [second] });
	refused({ antecedents: [second] }, /message 4 waits for 2, which waits for 4/);
	refused({ antecedents: [3] }, /message 4 waits for 3/);
	refused({ antecedents: [4] }, /its own antecedent/);
	refused({ antecedents: [0.5] }, /whole and count from 1/);
	refused({ antecedents: [setup().add('elsewhere')] }, /same carrier/);
	refused({ antecedents: [new Named('not sent')] }, /same carrier/);
	refused({ final: true }, /goes last/);
	assert.throws(() => queue.add(second), /sent before/);
	add('fourth', { antecedents: [9] });
	refused({ final: true, antecedents: [7] }, /no message 7/);
	assert.deepEqual([queue.queued, ended], [4, []]);
	for (let id = 5; id <= 9; id += 1) add(String(id), free);
	assert.equal(
		rest(),
		'5 6 7 8 9 first second third fourth'.replace('first second third fourth', 'fourth first second third'),
	);
});

test('the final message goes last, whatever its priority, and none comes after it', () => {
	const { queue, add, rest, ended } = setup();
	const a = add('a', { ...free, priority: 999 });
	add('b', { ...free, antecedents: [a] });
	queue.withdraw(add('not waiting any more', { antecedents: [5] }));
	add('stranded', { antecedents: [9] });
	add('final', { ...free, final: true, priority: 0, deadline: 10 });
	assert.deepEqual(
		[ended.length, ended[1]![0], (ended[1]![1] as PostSocketsError).code],
		[2, 'stranded', 'send-failed'],
	);
	assert.throws(() => add('more'), { code: 'closed' });
	assert.equal(rest(), 'a b final');
	assert.equal(queue.ended, true);
});

test('messages can be taken back, and given another deadline, until they are started', () => {
	const { queue, add, rest, ended } = setup();
	const started = add('started', { deadline: 5 });
	queue.next(0);
	const [a, b, c] = [1, 2, 3].map((deadline) => add(`d${deadline}`, { ...free, deadline })) as [Named, Named, Named];
	const plain = add('plain');
	assert.deepEqual([queue.withdraw(started), queue.extend(started, 9), queue.extend(plain, 9)], [false, false, false]);
	assert.deepEqual(
		[queue.extend(a, 30), queue.extend(b, Number.POSITIVE_INFINITY), queue.withdraw(c)],
		[true, true, true],
	);
	assert.deepEqual([queue.withdraw(c), queue.extend(c, 9), queue.deadline], [false, false, 30]);
	assert.deepEqual(ended, [['d3', 'withdrawn']]);
	assert.equal(rest(20), 'd1 d2 plain');
});

test('everything is bounded, and what was refused was not numbered', () => {
	const full = (reason: RegExp) => (error: PostSocketsError) =>
		error.code === 'queue-full' && reason.test(error.message);
	const bytes = setup({ maxQueuedBytes: 10 });
	bytes.add('alone', { length: 1_000 });
	assert.throws(() => bytes.add('more'), full(/1000 bytes wait to be sent and 10 may/));
	bytes.rest();
	assert.equal(bytes.add('more').id, 2);

	const messages = setup({ maxQueuedMessages: 2 });
	messages.add('a', { length: 0 });
	messages.add('b', { length: 0 });
	assert.throws(() => messages.add('c', { length: 0 }), full(/2 messages wait/));

	const links = setup({ maxAntecedents: 3 });
	const waits = links.add('waits', { antecedents: [10, 11, 12] });
	assert.throws(() => links.add('one more', { antecedents: [10] }), full(/name 3 antecedents and may name 3/));
	links.queue.withdraw(waits);
	links.add('one more', { antecedents: [10, 11, 12] });
});

test('of messages that were lost, the last 1024 are remembered by number', () => {
	const { queue, add, ended } = setup();
	for (let id = 1; id <= 1_025; id += 1) queue.withdraw(add(String(id)));
	add('forgotten', { antecedents: [1] });
	add('remembered', { antecedents: [2] });
	assert.deepEqual([queue.queued, ended.at(-1)], [1, ['remembered', 'withdrawn']]);
});

test('a long chain of successors is lost without deep recursion, and the last one keeps no other in memory', () => {
	const { queue, add, ended } = setup();
	const first = add('0');
	let last = first;
	for (let index = 1; index < 50_000; index += 1) last = add('', { antecedents: [last] });
	assert.equal(last.antecedents.length, 0);
	queue.withdraw(first);
	assert.deepEqual([ended.length, queue.messages], [50_000, 0]);
	assert.deepEqual([last.links, last.successors], [undefined, undefined]);
});

test('who hears of an ending may use the queue at once', () => {
	const started: string[] = [];
	const queue: SendQueue<Named> = new SendQueue(({ name }, ending) => {
		if (ending !== 'expired') return;
		queue.add(new Named(`${name} again`));
		const next = queue.next(50);
		if (next) started.push(next.name);
		queue.drop((message) => message.name === 'b again');
	});
	const a = new Named('a', { deadline: 50 });
	queue.add(a);
	queue.add(new Named('b', { antecedents: [a] }));
	queue.add(new Named('c', { deadline: 50 }));
	queue.expire(50);
	assert.deepEqual([started.sort(), queue.queued, queue.messages], [['a again', 'b again', 'c again'], 0, 3]);
});
