/** The schedulers of a group against their twin, and members that send as long as they may. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Scheduler, schedulers } from '../policy/tokens.ts';
import { GroupScheduler } from './scheduler.ts';
import type { Share } from './scheduler-rules.ts';
import { SchedulerTwin, type TwinShare } from './scheduler-twin.ts';

const anyScheduler = fc.constantFrom(...schedulers);
const anyPriority = fc.constantFrom(100, 100, 0, 1, 7, 65_535, 65_536, Number.MAX_SAFE_INTEGER);
const which = fc.nat(5);

/** A scheduler and its twin, told the same. */
class Pair {
	readonly scheduler: GroupScheduler;
	readonly twin: SchedulerTwin;

	constructor(scheduler: Scheduler) {
		this.scheduler = new GroupScheduler(scheduler);
		this.twin = new SchedulerTwin(scheduler);
	}

	use(scheduler: Scheduler): void {
		this.twin.use(scheduler);
		this.scheduler.use(scheduler);
	}
}

/** The twin hears first: what the scheduler hears may make others say something. */
class Member {
	readonly share: Share;
	readonly twin: TwinShare;
	told = 0;
	readonly #pair: Pair;

	constructor(pair: Pair, priority: number, onTurn: () => void = () => {}) {
		this.#pair = pair;
		this.twin = pair.twin.join(priority);
		this.share = pair.scheduler.join(priority, () => {
			this.told += 1;
			assert.equal(pair.twin.turn, this.twin, 'told out of turn');
			onTurn();
		});
	}

	get maySend(): boolean {
		const may = this.#pair.scheduler.maySend(this.share);
		assert.equal(may, this.#pair.twin.turn === this.twin);
		return may;
	}

	waits(head: number): void {
		this.#pair.twin.set(this.twin, head, this.twin.blocked);
		this.#pair.scheduler.waits(this.share, head);
	}

	rests(): void {
		this.#pair.twin.set(this.twin, undefined, this.twin.blocked);
		this.#pair.scheduler.rests(this.share);
	}

	blocked(): void {
		this.#pair.twin.set(this.twin, this.twin.head, true);
		this.#pair.scheduler.blocked(this.share);
	}

	welcome(): void {
		this.#pair.twin.set(this.twin, this.twin.head, false);
		this.#pair.scheduler.welcome(this.share);
	}

	started(bytes: number, messages: number): void {
		this.#pair.twin.started(this.twin, bytes, messages);
		this.#pair.scheduler.started(this.share, bytes, messages);
	}

	prioritize(priority: number): void {
		this.twin.priority = priority;
		this.#pair.scheduler.prioritize(this.share, priority);
	}

	leave(): void {
		this.#pair.twin.shares.delete(this.twin);
		this.#pair.scheduler.leave(this.share);
	}
}

type Operation =
	| { readonly type: 'join'; readonly priority: number }
	| { readonly type: 'leave' | 'rests' | 'blocked' | 'welcome'; readonly which: number }
	| { readonly type: 'waits'; readonly which: number; readonly head: number }
	| { readonly type: 'started'; readonly which: number; readonly bytes: number; readonly messages: number }
	| { readonly type: 'prioritize'; readonly which: number; readonly priority: number }
	| { readonly type: 'use'; readonly scheduler: Scheduler };

const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
	{ weight: 2, arbitrary: fc.record({ type: fc.constant('join' as const), priority: anyPriority }) },
	{ weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), which }) },
	{ weight: 6, arbitrary: fc.record({ type: fc.constantFrom('rests', 'blocked', 'welcome', 'welcome'), which }) },
	{ weight: 8, arbitrary: fc.record({ type: fc.constant('waits' as const), which, head: fc.nat(40) }) },
	{
		weight: 16,
		arbitrary: fc.record({
			type: fc.constant('started' as const),
			which,
			// Some so large that tags are counted anew.
			bytes: fc.oneof(fc.nat(65_536), fc.constantFrom(0, 1, 2 ** 36)),
			messages: fc.nat(9),
		}),
	},
	{ weight: 2, arbitrary: fc.record({ type: fc.constant('prioritize' as const), which, priority: anyPriority }) },
	{ weight: 1, arbitrary: fc.record({ type: fc.constant('use' as const), scheduler: anyScheduler }) },
);

test('it is the turn of whom the twin says, and whoever gets it without asking is told', () => {
	fc.assert(
		fc.property(
			anyScheduler,
			fc.array(anyPriority, { maxLength: 4 }),
			fc.array(anyOperation, { maxLength: 120, size: 'max' }),
			(scheduler, priorities, operations) => {
				const pair = new Pair(scheduler);
				const members = priorities.map((priority) => new Member(pair, priority));
				/** Who left says something all the same. */
				const all = [...members];
				for (const operation of operations) {
					const before = members.find(({ maySend }) => maySend);
					const told = all.map(({ told }) => told);
					const member = 'which' in operation ? all[operation.which % Math.max(all.length, 1)] : undefined;
					apply(pair, all, member, operation);
					members.splice(0, Infinity, ...all.filter(({ twin }) => pair.twin.shares.has(twin)));
					const turns = all.filter(({ maySend }) => maySend);
					assert.ok(turns.length <= 1);
					const [turn] = turns;
					const asks = operation.type === 'waits' || operation.type === 'welcome' || operation.type === 'started';
					if (turn && turn !== before && !(asks && turn === member)) {
						assert.ok(turn.told > (told[all.indexOf(turn)] ?? 0), 'left asleep');
					}
				}
			},
		),
		{ numRuns: 1_000 },
	);
});

function apply(pair: Pair, all: Member[], member: Member | undefined, operation: Operation): void {
	if (operation.type === 'join') all.push(new Member(pair, operation.priority));
	else if (operation.type === 'use') pair.use(operation.scheduler);
	else if (!member) return;
	else if (operation.type === 'waits') member.waits(operation.head);
	else if (operation.type === 'started') {
		// Mostly of who may.
		const sender = operation.which > 0 ? all.find(({ maySend }) => maySend) : member;
		sender?.started(operation.bytes, operation.messages);
	} else if (operation.type === 'prioritize') member.prioritize(operation.priority);
	else member[operation.type]();
}

interface Waiting {
	readonly number: number;
	readonly bytes: number;
}

/** A carrier as far as it matters here: it gives batches to its flow as long as it may. */
class Carrier {
	readonly member: Member;
	readonly queue: Waiting[] = [];
	/** Bytes that its flow takes. */
	room: number;
	/** Called while it sends. */
	onBatch: () => void = () => {};
	depth = 0;
	readonly #pair: Pair;

	constructor(pair: Pair, priority: number, room: number) {
		this.#pair = pair;
		this.room = room;
		this.member = new Member(pair, priority, () => this.flush());
	}

	get isStuck(): boolean {
		return this.room > 0 && this.queue.length > 0;
	}

	post(bytes: number): void {
		this.queue.push({ number: this.#pair.scheduler.number(), bytes });
		this.member.waits(this.queue[0]!.number);
	}

	drain(bytes: number): void {
		this.room += bytes;
		if (this.room > 0) this.member.welcome();
		this.flush();
	}

	flush(): void {
		this.depth += 1;
		assert.ok(this.depth <= 3, 'nested');
		while (this.room > 0 && this.queue.length > 0 && this.member.maySend) {
			const batch = this.queue.splice(0, 3);
			for (const { bytes } of batch) this.room -= bytes;
			this.onBatch();
			this.member.started(
				batch.reduce((sum, { bytes }) => sum + bytes, 0),
				batch.length,
			);
			if (this.queue.length > 0) this.member.waits(this.queue[0]!.number);
		}
		if (this.queue.length === 0) this.member.rests();
		else if (this.room <= 0) this.member.blocked();
		this.depth -= 1;
	}

	leave(): void {
		this.queue.length = 0;
		this.member.leave();
	}
}

type Event =
	| { readonly type: 'post'; readonly which: number; readonly bytes: number }
	| { readonly type: 'drain'; readonly which: number; readonly bytes: number }
	| { readonly type: 'flush' | 'leave'; readonly which: number }
	| { readonly type: 'prioritize'; readonly which: number; readonly priority: number }
	| { readonly type: 'use'; readonly scheduler: Scheduler };

const bytes = fc.integer({ min: 1, max: 50 });
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
	{ weight: 20, arbitrary: fc.record({ type: fc.constant('post' as const), which, bytes }) },
	{ weight: 8, arbitrary: fc.record({ type: fc.constant('drain' as const), which, bytes }) },
	{ weight: 8, arbitrary: fc.record({ type: fc.constant('flush' as const), which }) },
	{ weight: 1, arbitrary: fc.record({ type: fc.constant('leave' as const), which }) },
	{ weight: 1, arbitrary: fc.record({ type: fc.constant('prioritize' as const), which, priority: anyPriority }) },
	{ weight: 1, arbitrary: fc.record({ type: fc.constant('use' as const), scheduler: anyScheduler }) },
);

test('once all were asked, nobody has messages that its flow would take, whatever happens and from wherever', () => {
	fc.assert(
		fc.property(
			anyScheduler,
			fc.array(anyPriority, { minLength: 2, maxLength: 5 }),
			fc.array(anyEvent, { maxLength: 80, size: 'max' }),
			fc.array(which, { maxLength: 10 }),
			(scheduler, priorities, events, echoes) => {
				const pair = new Pair(scheduler);
				const carriers = priorities.map((priority) => new Carrier(pair, priority, 40));
				/** Those that sent, and flush at the end of the turn. */
				const due = new Set<Carrier>();
				for (const carrier of carriers) {
					carrier.onBatch = () => {
						const echo = echoes.pop();
						if (echo === undefined) return;
						const other = carriers[echo % carriers.length]!;
						if (!pair.twin.shares.has(other.member.twin)) return;
						other.post(5);
						if (other === carrier || echo % 2 === 0) due.add(other);
						else other.flush();
					};
				}
				for (const event of events) {
					const carrier = 'which' in event ? carriers[event.which % carriers.length]! : undefined;
					if (event.type === 'use') pair.use(event.scheduler);
					else if (!carrier || !pair.twin.shares.has(carrier.member.twin)) continue;
					else if (event.type === 'post') {
						carrier.post(event.bytes);
						due.add(carrier);
					} else if (event.type === 'drain') carrier.drain(event.bytes);
					else if (event.type === 'prioritize') carrier.member.prioritize(event.priority);
					else if (event.type === 'leave') carrier.leave();
					else carrier.flush();
					if (event.type !== 'flush') continue;
					for (const carrier of due) {
						due.delete(carrier);
						carrier.flush();
					}
					assert.deepEqual(carriers.filter(({ isStuck }) => isStuck).length, 0);
				}
			},
		),
		{ numRuns: 1_000 },
	);
});
