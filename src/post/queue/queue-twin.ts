/** For tests: the send queue again, slow and plainly right. Everything is looked for among all messages there ever were. */

import type { ErrorCode } from '../../base/errors.ts';
import type { Estimate, QueueLimits } from './send-queue.ts';

export interface Traits {
	readonly length: number;
	readonly priority: number;
	readonly deadline: number;
	readonly ordered: boolean;
	readonly final: boolean;
	/** By number, those yet to come too. */
	readonly antecedents: readonly number[];
}

/** An `Ending`, with all errors alike. */
export type Fate = 'sent' | 'expired' | 'withdrawn' | 'failed';

interface Message extends Traits {
	readonly id: number;
	deadline: number;
	state: 'queued' | 'started' | Fate;
	/** It might not make it. */
	doubtful: boolean;
}

export class QueueTwin {
	/** What ended. */
	events: [id: number, fate: Fate][] = [];
	ended = false;
	readonly #limits: QueueLimits;
	readonly #all: Message[] = [];

	constructor(limits: QueueLimits) {
		this.#limits = limits;
	}

	get bytes(): number {
		return this.#alive.reduce((sum, { length }) => sum + length, 0);
	}

	get messages(): number {
		return this.#alive.length;
	}

	get queued(): number {
		return this.#queued.length;
	}

	get deadline(): number {
		return Math.min(...this.#queued.map(({ deadline }) => deadline));
	}

	/** The code of what it would throw. */
	add(traits: Traits): ErrorCode | undefined {
		const id = this.#all.length + 1;
		const { antecedents, final } = traits;
		const waitedFor = this.#queued.some((other) => other.antecedents.includes(id));
		if (this.ended) return 'closed';
		if (this.bytes > 0 && this.bytes + traits.length > this.#limits.maxQueuedBytes) return 'queue-full';
		if (this.messages >= this.#limits.maxQueuedMessages) return 'queue-full';
		if (antecedents.includes(id) || (final && antecedents.some((named) => named > id))) return 'bad-argument';
		const lost = antecedents.map((named) => this.#state(named)).find(isLoss);
		const message: Message = { ...traits, id, state: lost ?? 'queued', doubtful: false };
		if (waitedFor && (final || this.#reaches(message, id))) return 'bad-argument';
		const links = [...this.#alive, message].flatMap((one) => this.#links(one)).length;
		if (links > this.#limits.maxAntecedents) return 'queue-full';
		this.#all.push({ ...message, state: 'queued' });
		if (lost !== undefined) this.#end([id], lost);
		if (final) this.end();
		return undefined;
	}

	end(): void {
		this.ended = true;
		const stranded = this.#queued.filter(({ antecedents }) => antecedents.some((named) => named > this.#all.length));
		this.#end(ids(stranded), 'failed');
	}

	next(now: number, { bytesPerMs, below, delay }: Estimate): number | undefined {
		this.expire(now);
		for (;;) {
			const ready = this.#queued.filter(
				({ final, antecedents }) => !final && antecedents.every((named) => isMet(this.#state(named))),
			);
			const firstOrdered = ready.find(({ ordered }) => ordered);
			const candidates = ready.filter((one) => !one.ordered || one === firstOrdered);
			if (this.queued === 1) candidates.push(...this.#queued.filter(({ final }) => final));
			const first = candidates.sort(compare)[0];
			if (!first) return undefined;
			const arrival = (bytesPerMs: number) => now + (below + first.length) / bytesPerMs + delay;
			if (arrival(bytesPerMs) > first.deadline) this.#end([first.id], 'expired');
			else if (arrival(bytesPerMs / 2) > first.deadline && !first.doubtful && !first.ordered) first.doubtful = true;
			else {
				first.state = 'started';
				return first.id;
			}
		}
	}

	expire(now: number): void {
		this.#end(ids(this.#queued.filter(({ deadline }) => deadline <= now)), 'expired');
	}

	sent(id: number): void {
		const message = this.#all[id - 1]!;
		if (message.state !== 'started') return;
		message.state = 'sent';
		this.events.push([id, 'sent']);
	}

	fail(id: number): void {
		if (isAlive(this.#state(id))) this.#end([id], 'failed');
	}

	failAll(): void {
		this.ended = true;
		this.#end(ids(this.#queued), 'failed');
	}

	withdraw(id: number): boolean {
		if (this.#state(id) !== 'queued') return false;
		this.#end([id], 'withdrawn');
		return true;
	}

	drop(match: (id: number) => boolean): void {
		this.#end(ids(this.#queued).filter(match), 'withdrawn');
	}

	extend(id: number, deadline: number): boolean {
		const message = this.#all[id - 1]!;
		if (message.state !== 'queued' || message.deadline === Number.POSITIVE_INFINITY) return false;
		message.deadline = deadline;
		message.doubtful = false;
		return true;
	}

	get #alive(): Message[] {
		return this.#all.filter(({ state }) => isAlive(state));
	}

	get #queued(): Message[] {
		return this.#all.filter(({ state }) => state === 'queued');
	}

	#state(id: number): State {
		return this.#all[id - 1]?.state ?? 'to come';
	}

	/** What it waits for, or what may still take it along. */
	#links({ antecedents, state }: Message): number[] {
		if (!isAlive(state)) return [];
		return [...new Set(antecedents)].filter((id) => isOpen(this.#state(id)));
	}

	#reaches(from: Message, goal: number): boolean {
		return this.#links(from).some(
			(id) => id === goal || (id <= this.#all.length && this.#reaches(this.#all[id - 1]!, goal)),
		);
	}

	/** These and, again and again, whatever is queued and names one of them. */
	#end(first: readonly number[], ending: Fate): void {
		const ends = new Set(first);
		for (const id of ends) {
			for (const { id: other, antecedents } of this.#queued) if (antecedents.includes(id)) ends.add(other);
		}
		for (const id of ends) {
			this.#all[id - 1]!.state = ending;
			this.events.push([id, ending]);
		}
	}
}

function ids(messages: readonly Message[]): number[] {
	return messages.map(({ id }) => id);
}

type State = Message['state'] | 'to come';

function isAlive(state: State): boolean {
	return state === 'queued' || state === 'started';
}

function isOpen(state: State): boolean {
	return isAlive(state) || state === 'to come';
}

function isMet(state: State): boolean {
	return state !== 'queued' && state !== 'to come';
}

function isLoss(state: State): state is Fate {
	return !isOpen(state) && state !== 'sent';
}

function compare(one: Message, other: Message): number {
	const ranks = [one, other].map(({ priority, deadline, doubtful, id }) => [
		priority,
		Number(deadline === Number.POSITIVE_INFINITY),
		Number(doubtful),
		deadline,
		id,
	]);
	const differs = ranks[0]!.findIndex((value, index) => value !== ranks[1]![index]);
	return differs < 0 ? 0 : ranks[0]![differs]! - ranks[1]![differs]!;
}
