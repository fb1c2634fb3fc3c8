/**
 * The messages of one carrier that wait for their turn: which goes down next, and what became of each.
 *
 * It is pure: it is told the time and how fast the layer below drains, holds no bytes and does no I/O. Who owns it asks
 * `next` whenever the layer below wants more, says `sent` or `fail` of everything it was given, and calls `expire` at
 * `deadline`.
 *
 * Who goes first:
 * - By priority, lower first; then by deadline, those without one last; then in the order of sending (`precedes`). So
 *   messages without a lifetime yield to those with one, for as long as these come faster than they leave: who wants it
 *   otherwise says so by priority.
 * - A message that is not ordered and would come too late if the layer below were only half as fast goes after all of its
 *   priority that would not. Else an overload would bring every message to the edge of its deadline before it goes, and
 *   the least unsteadiness of the network would make them all late.
 * - `ordered` messages never pass one another, whatever their priorities: priority chooses between the first of them and
 *   those that are not ordered. A message that waits for antecedents holds up nobody meanwhile, and has its place in the
 *   order again as soon as it waits no longer.
 * - A message waits until its antecedents were started: on a transport that keeps order they then arrive first, on others
 *   it is what can be done without acknowledgements. If one of them ends unsent, it ends in the same way.
 * - The final message goes when no other is left.
 *
 * A message that would come too late is dropped when its turn comes, before its first byte: what is sent is in time as
 * far as the estimate is right, so that an overload costs messages, but no bytes on the wire.
 */

import { badArgument, PostSocketsError } from '../../base/errors.ts';
import { Antecedents } from './antecedents.ts';
import { defaultPriority, type Ending, type Entry, precedes, tierOf } from './entry.ts';
import { Heap } from './heap.ts';
import { Line } from './line.ts';

export interface QueueLimits {
	/** Bytes not yet handed down; above it `queue-full`, except for one message alone. Default 64 MiB. */
	readonly maxQueuedBytes: number;
	/** Messages not yet handed down; above it `queue-full`. Default 1048576. */
	readonly maxQueuedMessages: number;
	/** Antecedents that were named and have not ended, of all messages together; above it `queue-full`. Default 65536. */
	readonly maxAntecedents: number;
}

export const defaultQueueLimits: QueueLimits = {
	maxQueuedBytes: 64 * 2 ** 20,
	maxQueuedMessages: 2 ** 20,
	maxAntecedents: 2 ** 16,
};

/** When a message started now would be with the peer: `(below + length) / bytesPerMs + delay` later. */
export interface Estimate {
	/** How fast the layer below drains; `Infinity` if nobody knows. */
	readonly bytesPerMs: number;
	/** Bytes that must drain before. */
	readonly below: number;
	/** What the way takes, in ms: half a round trip. */
	readonly delay: number;
}

const unknown: Estimate = { bytesPerMs: Number.POSITIVE_INFINITY, below: 0, delay: 0 };

export class SendQueue<Message extends Entry> {
	readonly #onEnd: (message: Message, ending: Ending) => void;
	readonly #limits: QueueLimits;
	readonly #antecedents: Antecedents;
	/** Ordered. Only what needs it leaves the lines for the heaps: a message without properties never does. */
	readonly #line = new Line();
	/** Ordered, and back in order after waiting for antecedents. */
	readonly #returned = new Heap<Entry>((one, other) => one.id < other.id);
	/** Neither ordered nor urgent. */
	readonly #lane = new Line();
	/** Not ordered, with a priority or a deadline. */
	readonly #free = new Heap<Entry>(precedes);
	/** All that have a deadline and were not started. */
	readonly #expiries = new Heap<Entry>((one, other) => one.deadline < other.deadline);
	/** All that are queued and in no line, by id. */
	readonly #aside = new Map<number, Entry>();
	#final: Entry | undefined;
	#ended = false;
	#lastId = 0;
	#queued = 0;
	#messages = 0;
	#bytes = 0;

	/** `onEnd` hears of every message that was added, once, possibly from inside the call that ended it. */
	constructor(onEnd: (message: Message, ending: Ending) => void, limits: Partial<QueueLimits> = {}) {
		this.#onEnd = onEnd;
		this.#limits = { ...defaultQueueLimits, ...limits };
		this.#antecedents = new Antecedents(this.#limits.maxAntecedents);
	}

	/** Bytes not yet handed down, those of started messages included. */
	get bytes(): number {
		return this.#bytes;
	}

	/** Messages not yet handed down, the started ones included. */
	get messages(): number {
		return this.#messages;
	}

	/** Messages not yet started. */
	get queued(): number {
		return this.#queued;
	}

	/** What `next` would start, or drop, first. */
	get first(): Entry | undefined {
		return this.#first();
	}

	/** The number of the next message. */
	get nextId(): number {
		return this.#lastId + 1;
	}

	/** When to call `expire`; `Infinity` for never. */
	get deadline(): number {
		return this.#expiries.first?.deadline ?? Number.POSITIVE_INFINITY;
	}

	/** Nothing more can be added. */
	get ended(): boolean {
		return this.#ended;
	}

	/**
	 * Takes a message and numbers it. Throws `closed` after the final one, `queue-full`, and `bad-argument` for antecedents
	 * that can never be met; then nothing has changed, and `onEnd` does not hear of the message.
	 */
	add(message: Message): void {
		this.#refuse(message);
		const id = this.#lastId + 1;
		const lost = this.#antecedents.join(message, id, this);
		message.queue = this;
		message.state = 'queued';
		this.#lastId = message.id = id;
		this.#queued += 1;
		this.#messages += 1;
		this.#bytes += message.length;
		if (message.deadline < Number.POSITIVE_INFINITY) message.expiry = this.#expiries.push(message);
		this.#place(message);
		if (lost !== undefined) this.#end(message, lost);
		if (message.final) this.end();
	}

	/** A message went down past the queue, while nothing waited in it: it only takes a number. */
	pass(): void {
		this.#lastId += 1;
	}

	/** No message after those that were added: what waits for one yet to come fails with `send-failed`. */
	end(): void {
		this.#ended = true;
		for (const [entry, id] of this.#antecedents.stranded) {
			const reason = `message ${entry.id} was to follow message ${id}, which will not be sent: the last one was`;
			this.#end(entry, new PostSocketsError('send-failed', reason, { operation: 'send' }));
		}
	}

	/**
	 * Starts a message, if there is one to start: from here on it is the caller's, who says what became of it by `sent` or
	 * `fail`. Drops what would come too late. `now` in ms. What `may` refuses is not started, nor anything behind it.
	 */
	next(
		now: number,
		{ bytesPerMs, below, delay }: Estimate = unknown,
		may?: (message: Message) => boolean,
	): Message | undefined {
		this.expire(now);
		for (let entry = this.#first(); entry; entry = this.#first()) {
			if (may && !may(entry as Message)) return undefined;
			const draining = (below + entry.length) / bytesPerMs;
			const spare = entry.deadline - (now + draining + delay);
			if (spare < 0) this.#end(entry, 'expired');
			else if (spare < draining && entry.tier === 0 && !entry.ordered) this.#doubt(entry);
			else return this.#start(entry) as Message;
		}
		return undefined;
	}

	/** Drops every message whose deadline has come. */
	expire(now: number): void {
		for (let entry = this.#expiries.first; entry && entry.deadline <= now; entry = this.#expiries.first) {
			this.#end(entry, 'expired');
		}
	}

	/** The started message was handed to the layer below. */
	sent(message: Message): void {
		if (message.state === 'started') this.#settle(message, 'sent');
	}

	/** The message is lost, and with it what follows from it and was not started. */
	fail(message: Message, error: PostSocketsError): void {
		this.#end(message, error);
	}

	/** All that was not started is lost, and nothing more can be added. What was started is still its holder's. */
	failAll(error: PostSocketsError): void {
		this.#ended = true;
		for (const entry of this.#all()) this.#end(entry, error);
	}

	/** Takes the message back, and with it what follows from it. False if it was started already, or has ended. */
	withdraw(message: Message): boolean {
		if (message.state !== 'queued') return false;
		this.#end(message, 'withdrawn');
		return true;
	}

	/** Takes back all messages that `match` and were not started, and what follows from them. */
	drop(match: (message: Message) => boolean): void {
		for (const entry of this.#all()) if (match(entry as Message)) this.withdraw(entry as Message);
	}

	/**
	 * Gives the message another deadline, later or sooner; `Infinity` for none. False if it had none, was started
	 * already, or has ended.
	 */
	extend(message: Message, deadline: number): boolean {
		if (!message.expiry) return false;
		const contends = !message.ordered && message.spot;
		if (contends) leave(message, 'spot');
		leave(message, 'expiry');
		message.deadline = deadline;
		message.tier = tierOf(deadline);
		if (deadline < Number.POSITIVE_INFINITY) message.expiry = this.#expiries.push(message);
		if (contends) message.spot = this.#free.push(message);
		return true;
	}

	/** The queued message of that number. */
	find(id: number): Entry | undefined {
		return this.#line.find(id) ?? this.#lane.find(id) ?? this.#aside.get(id);
	}

	#refuse({ queue, length }: Entry): void {
		const { maxQueuedBytes, maxQueuedMessages } = this.#limits;
		if (queue) throw badArgument('this message was sent before; make another one', 'send');
		if (this.#ended) {
			throw new PostSocketsError('closed', 'the last message was sent; no other can follow it', { operation: 'send' });
		}
		const full =
			this.#bytes > 0 && this.#bytes + length > maxQueuedBytes
				? `${this.#bytes} bytes wait to be sent and ${maxQueuedBytes} may`
				: this.#messages >= maxQueuedMessages && `${this.#messages} messages wait to be sent and no more may`;
		if (full) throw new PostSocketsError('queue-full', `${full}; await send() or drained()`, { operation: 'send' });
	}

	#place(entry: Entry): void {
		const line = this.#lineFor(entry);
		if (line) {
			line.push(entry);
			return;
		}
		this.#aside.set(entry.id, entry);
		if (entry.final) this.#final = entry;
		else if (entry.unmet === 0) entry.spot = this.#free.push(entry);
	}

	#lineFor({ ordered, final, unmet, priority, deadline }: Entry): Line | undefined {
		if (final || unmet > 0) return undefined;
		if (ordered) return this.#line;
		return priority === defaultPriority && deadline === Number.POSITIVE_INFINITY ? this.#lane : undefined;
	}

	/** The first of each structure is before all others in it. The only message left may be the final one. */
	#first(): Entry | undefined {
		const line = this.#line.first;
		const returned = this.#returned.first;
		const ordered = line && returned ? (line.id < returned.id ? line : returned) : (line ?? returned);
		const first = sooner(sooner(ordered, this.#lane.first), this.#free.first);
		return first ?? (this.#queued === 1 ? this.#final : undefined);
	}

	#start(entry: Entry): Entry {
		this.#remove(entry);
		entry.state = 'started';
		if (entry.successors) {
			for (const successor of entry.successors) {
				successor.unmet -= 1;
				if (successor.unmet > 0 || successor.final) continue;
				successor.spot = (successor.ordered ? this.#returned : this.#free).push(successor);
			}
		}
		return entry;
	}

	/** Lets those go first that are surely in time. */
	#doubt(entry: Entry): void {
		leave(entry, 'spot');
		entry.tier = 1;
		entry.spot = this.#free.push(entry);
	}

	/** The entry ends unsent, and so does what follows from it and was not started. */
	#end(first: Entry, ending: Ending): void {
		if (first.queue !== this || first.state === 'ended') return;
		const ends = [first];
		for (const entry of ends) {
			if (entry !== first && entry.state !== 'queued') continue;
			for (const successor of this.#settle(entry, ending) ?? []) ends.push(successor);
		}
	}

	/** Returns the successors. */
	#settle(entry: Entry, ending: Ending): Iterable<Entry> | undefined {
		if (entry.state === 'queued') this.#remove(entry);
		entry.state = 'ended';
		entry.ending = ending;
		this.#messages -= 1;
		this.#bytes -= entry.length;
		const successors = this.#antecedents.leave(entry);
		this.#onEnd(entry as Message, ending);
		return successors;
	}

	/** It waits no longer, nowhere. */
	#remove(entry: Entry): void {
		this.#queued -= 1;
		if (this.#aside.size > 0) this.#aside.delete(entry.id);
		leave(entry, 'spot');
		leave(entry, 'expiry');
	}

	#all(): Entry[] {
		return [...this.#line, ...this.#lane, ...this.#aside.values()].sort((one, other) => one.id - other.id);
	}
}

function sooner(one: Entry | undefined, other: Entry | undefined): Entry | undefined {
	if (one && other) return precedes(one, other) ? one : other;
	return one ?? other;
}

function leave(entry: Entry, where: 'spot' | 'expiry'): void {
	const spot = entry[where];
	entry[where] = undefined;
	spot?.leave();
}
