/**
 * One question, put to as many servers and as often as it takes: a pure machine.
 *
 * A round asks one server after the other, each some time after the one before, or at once when that one failed. Rounds
 * repeat, less and less often, until `attempts` are over; the last goes over a stream, for who loses datagrams may not
 * lose those. Whatever was asked may still answer: the first good answer counts, whoever gives it. A response counts
 * only if it repeats the id, the question and the random case of its letters (RFC 5452 §9.1).
 */

import type { PostSocketsError } from '../base/errors.ts';
import type { Machine, Wake } from '../base/machine.ts';
import type { Random } from '../base/random.ts';
import { emitMessage, type Message, parseMessage, rcodes } from '../wire/dns/message.ts';
import { sameName } from '../wire/dns/name.ts';
import { internet, type TypeName } from '../wire/dns/record.ts';
import { type Reply, readReply } from './reply.ts';
import type { Server } from './server.ts';

/** Octets of a response over datagrams: what passes without fragments (DNS flag day 2020). */
export const udpSize = 1_232;

/** Datagrams to one port that are no answer to its query; then somebody is guessing, and a stream is safer. */
export const mostWrong = 8;

export interface QueryPlan {
	/** Canonical. */
	readonly name: string;
	readonly type: TypeName;
	/** In the order to ask them. */
	readonly servers: readonly Server[];
	/** Which transports there are; at least one. */
	readonly datagrams: boolean;
	readonly streams: boolean;
	/** Milliseconds a server has in the first round; each further one adds twice as many. */
	readonly timeout: number;
	readonly attempts: number;
	readonly random: Random;
}

export interface Attempt {
	readonly server: Server;
	readonly by: 'datagram' | 'stream';
	readonly id: number;
	/** In the case it is asked in. */
	readonly name: string;
	/** The case must come back as it was. */
	readonly mixed: boolean;
	readonly edns: boolean;
	readonly query: Uint8Array;
	readonly start: number;
	/** Messages that were no answer to it. */
	wrong: number;
}

export type QueryEvent =
	| { readonly type: 'begin' }
	| { readonly type: 'message'; readonly attempt: Attempt; readonly bytes: Uint8Array }
	/** Its transport gives up. */
	| { readonly type: 'failed'; readonly attempt: Attempt; readonly error: PostSocketsError }
	/** Nobody wants to know any more. */
	| { readonly type: 'abort' };

export type Outcome =
	| (Exclude<Reply, { kind: 'useless' }> & { readonly source: string; readonly size: number })
	| { readonly kind: 'failed'; readonly source: string }
	| { readonly kind: 'timed-out'; readonly source: string };

export interface QuerySink {
	send(attempt: Attempt): void;
	cancel(attempt: Attempt): void;
	/** The end, not after `abort`. */
	done(outcome: Outcome): void;
}

/** One server in this query. */
interface Lane {
	readonly server: Server;
	readonly running: Set<Attempt>;
	/** It cannot help, and is not asked again. */
	out: boolean;
	answered: boolean;
}

type Manner = Partial<Pick<Attempt, 'by' | 'mixed' | 'edns'>>;

export class QueryMachine implements Machine<QueryEvent, QuerySink> {
	readonly #plan: QueryPlan;
	readonly #lanes: readonly Lane[];
	#round = 0;
	/** The lane of this round that is next. */
	#turn = 0;
	#roundStart = 0;
	#nextAt = Number.POSITIVE_INFINITY;
	#begun = 0;
	#overAt = Number.POSITIVE_INFINITY;
	/** Who said last that it cannot help, and why. */
	#complaint: string | undefined;
	#over = false;

	constructor(plan: QueryPlan) {
		this.#plan = plan;
		this.#lanes = plan.servers.map((server) => ({ server, running: new Set(), out: false, answered: false }));
	}

	get deadline(): number {
		return this.#over ? Number.POSITIVE_INFINITY : Math.min(this.#nextAt, this.#overAt);
	}

	step(event: QueryEvent | Wake, now: number, sink: QuerySink): void {
		if (this.#over) return;
		switch (event.type) {
			case 'begin':
				this.#begun = now;
				this.#nextAt = now;
				this.#overAt = now + this.#plan.timeout * (2 ** this.#plan.attempts - 1);
				break;
			case 'message':
				this.#receive(event.attempt, event.bytes, now, sink);
				break;
			case 'failed':
				this.#fail(event.attempt, event.error.code, now);
				break;
			case 'abort':
				this.#stop(now, sink);
				return;
			case 'wake':
				break;
		}
		this.#advance(now, sink);
	}

	/** Asks whoever is due, and gives up when there is nobody left to wait for. */
	#advance(now: number, sink: QuerySink): void {
		while (!this.#over && now >= this.#nextAt && now < this.#overAt) {
			const lane = this.#nextLane(now);
			if (lane === undefined) break;
			const last = this.#round > 0 && this.#round === this.#plan.attempts - 1;
			this.#ask(lane, last && this.#plan.streams ? { by: 'stream' } : {}, now, sink);
			this.#nextAt = this.#pause(lane, now);
		}
		if (this.#over) return;
		const helpless = this.#lanes.every(({ out }) => out);
		if (!helpless && now < this.#overAt) return;
		this.#stop(now, sink);
		const sources = this.#lanes.map(({ server }) => server.source).join(', ');
		if (this.#complaint === undefined) sink.done({ kind: 'timed-out', source: sources });
		else sink.done({ kind: 'failed', source: this.#complaint });
	}

	/** Whose turn it is, in this round or the next; undefined when all rounds are over. */
	#nextLane(now: number): Lane | undefined {
		for (;;) {
			while (this.#turn < this.#lanes.length) {
				if (this.#turn === 0) this.#roundStart = now;
				const lane = this.#lanes[this.#turn++]!;
				if (!lane.out) return lane;
			}
			if (this.#round + 1 >= this.#plan.attempts || this.#lanes.every(({ out }) => out)) break;
			this.#round += 1;
			this.#turn = 0;
		}
		this.#nextAt = Number.POSITIVE_INFINITY;
		return undefined;
	}

	/** When the next is due, now that `lane` was asked. */
	#pause({ server }: Lane, now: number): number {
		if (this.#more()) return now + server.stagger;
		const patience = Math.min(4 * this.#lanes[0]!.server.stagger, this.#plan.timeout);
		return Math.max(this.#roundStart + patience * 2 ** this.#round, now + server.stagger);
	}

	/** Somebody has not had a turn in this round. */
	#more(): boolean {
		return this.#lanes.slice(this.#turn).some(({ out }) => !out);
	}

	#ask(lane: Lane, manner: Manner, now: number, sink: QuerySink): void {
		const { datagrams, random, type } = this.#plan;
		const { server } = lane;
		const {
			by = datagrams ? 'datagram' : 'stream',
			mixed = server.keepsCase(now),
			edns = server.takesEdns(now),
		} = manner;
		if (by === 'stream' && [...lane.running].some((attempt) => attempt.by === 'stream')) return;
		const id = random.below(65_536);
		const shuffled = mixed && by === 'datagram';
		const name = shuffled ? mixedCase(this.#plan.name, random) : this.#plan.name;
		const query = emitMessage({
			id,
			recursionDesired: true,
			questions: [{ name, type }],
			...(edns && { edns: { udpSize, version: 0, dnssecOk: false, options: [] } }),
		});
		const attempt: Attempt = { server, by, id, name, mixed: shuffled, edns, query, start: now, wrong: 0 };
		lane.running.add(attempt);
		sink.send(attempt);
	}

	#receive(attempt: Attempt, bytes: Uint8Array, now: number, sink: QuerySink): void {
		const lane = this.#laneOf(attempt);
		if (lane === undefined) return;
		const message = parseMessage(bytes);
		const match = message ? matches(message, attempt, this.#plan.type) : 'wrong';
		if (message === undefined || match === 'wrong') {
			this.#distrust(lane, attempt, now, sink);
			return;
		}
		lane.answered = true;
		// Where datagrams come first, a stream was slow for another reason than the server.
		if (attempt.by === 'datagram' || !this.#plan.datagrams) attempt.server.answered(now - attempt.start);
		if (match === 'folded') {
			attempt.server.foldedCase(now);
			this.#again(lane, attempt, { mixed: false }, now, sink);
		} else if (message.truncated) {
			this.#toStream(lane, attempt, 'truncated', now, sink);
		} else if (attempt.edns && message.rcode in complaintsOfEdns) {
			attempt.server.refusedEdns(now);
			this.#again(lane, attempt, { by: attempt.by, edns: false }, now, sink);
		} else {
			this.#judge(lane, attempt, readReply(message, this.#plan.name, this.#plan.type), bytes.length, now, sink);
		}
	}

	#judge(lane: Lane, attempt: Attempt, reply: Reply, size: number, now: number, sink: QuerySink): void {
		if (reply.kind === 'useless') {
			this.#drop(lane, reply.why, now);
			for (const each of lane.running) sink.cancel(each);
			lane.running.clear();
			// The others have the time of one round left to do better.
			this.#overAt = Math.min(this.#overAt, Math.max(now, this.#begun + this.#plan.timeout));
			return;
		}
		this.#stop(now, sink);
		sink.done({ ...reply, source: attempt.server.source, size });
	}

	/** Not an answer to this query: late, lost on its way, or forged. */
	#distrust(lane: Lane, attempt: Attempt, now: number, sink: QuerySink): void {
		attempt.wrong += 1;
		if (attempt.by === 'stream' || attempt.wrong === mostWrong) {
			this.#toStream(lane, attempt, 'bad answers', now, sink);
		}
	}

	#toStream(lane: Lane, attempt: Attempt, why: string, now: number, sink: QuerySink): void {
		if (attempt.by === 'datagram' && this.#plan.streams) this.#again(lane, attempt, { by: 'stream' }, now, sink);
		else {
			sink.cancel(attempt);
			this.#fail(attempt, why, now);
		}
	}

	/** In place of `attempt`, another of the same server. */
	#again(lane: Lane, attempt: Attempt, manner: Manner, now: number, sink: QuerySink): void {
		lane.running.delete(attempt);
		sink.cancel(attempt);
		this.#ask(lane, { mixed: attempt.mixed, edns: attempt.edns, ...manner }, now, sink);
	}

	#fail(attempt: Attempt, why: string, now: number): void {
		const lane = this.#laneOf(attempt);
		if (lane === undefined) return;
		lane.running.delete(attempt);
		if (lane.running.size === 0) this.#drop(lane, why, now);
	}

	/** The next of this round need not wait for its time. */
	#drop(lane: Lane, why: string, now: number): void {
		lane.out = true;
		this.#complaint = `${lane.server.source} (${why})`;
		if (this.#more()) this.#nextAt = now;
	}

	#stop(now: number, sink: QuerySink): void {
		this.#over = true;
		for (const { server, running, answered } of this.#lanes) {
			if (!answered && [...running].some(({ start }) => now - start >= server.stagger)) server.silent(now);
			for (const attempt of running) sink.cancel(attempt);
			running.clear();
		}
	}

	#laneOf(attempt: Attempt): Lane | undefined {
		return this.#lanes.find(({ running }) => running.has(attempt));
	}
}

/** RFC 6891 §7: an old server knows no such record, or not what to do with it. */
const complaintsOfEdns: Readonly<Record<number, true>> = {
	[rcodes.formatError]: true,
	[rcodes.notImplemented]: true,
	[rcodes.badVersion]: true,
};

/** `folded`: it is the answer, but not in the case that was asked. */
function matches(message: Message, { id, name, mixed }: Attempt, type: TypeName): 'right' | 'folded' | 'wrong' {
	const { response, opcode, questions, rcode } = message;
	if (!response || opcode !== 0 || message.id !== id) return 'wrong';
	const [question, second] = questions;
	// A server that could not read the question cannot repeat it.
	if (question === undefined && rcode in complaintsOfEdns) return 'right';
	if (question === undefined || second || question.type !== type || question.class !== internet) return 'wrong';
	if (question.name === name || (!mixed && sameName(question.name, name))) return 'right';
	return sameName(question.name, name) ? 'folded' : 'wrong';
}

/** Each letter in a case of its own, by lot: as many more bits that a forger has to guess. */
function mixedCase(name: string, random: Random): string {
	let bits = 1;
	return name.replace(/[a-z]/gi, (letter) => {
		if (bits === 1) bits = random.uint32() | 0x8000_0000;
		const upper = bits & 1;
		bits >>>= 1;
		return upper ? letter.toUpperCase() : letter.toLowerCase();
	});
}
