import { ByteQueue } from '../base/bytes.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { PostSocketsError } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import { formatSocketAddress, type IpEndpoint } from '../base/socket-address.ts';
import { fromSystem } from '../base/system-error.ts';
import type { Flow } from '../stack/flow.ts';
import type { Dialer } from '../stack/stack.ts';
import type { Exchange, ExchangeHandler, Transport } from './transport.ts';

/** Milliseconds that a connection without a query is kept for the next (RFC 7766 §6.2.3), and then for the server's end. */
const idleTime = 5_000;

/** Queries under way on one connection; the next gets another. */
const mostPipelined = 128;

/**
 * DNS over TCP (RFC 7766): queries are pipelined on one connection for each server, and answered in any order. Ids are
 * the connection's own, so that no two under way are alike.
 */
export class StreamTransport implements Transport {
	readonly #stack: Dialer;
	readonly #clock: Clock;
	readonly #random: Random;
	/** The one that takes new queries, by server. */
	readonly #current = new Map<string, Connection>();
	readonly #open = new Set<Connection>();

	constructor(stack: Dialer, clock: Clock, random: Random) {
		this.#stack = stack;
		this.#clock = clock;
		this.#random = random;
	}

	exchange(server: IpEndpoint, query: Uint8Array, handler: ExchangeHandler): Exchange {
		const exchange = new StreamExchange(query, handler);
		this.#send(server, exchange);
		return exchange;
	}

	close(): void {
		const error = new PostSocketsError('closed', 'the resolver is closed', { operation: 'resolve' });
		for (const connection of [...this.#open]) connection.fail(error);
	}

	#send(server: IpEndpoint, exchange: StreamExchange): void {
		const key = formatSocketAddress(server);
		let connection = this.#current.get(key);
		if (connection === undefined || connection.full) {
			connection = this.#connect(server, key);
			this.#current.set(key, connection);
		}
		connection.add(exchange);
	}

	#connect(server: IpEndpoint, key: string): Connection {
		const connection = new Connection(this.#clock, this.#random, (unanswered) => {
			this.#open.delete(connection);
			if (this.#current.get(key) === connection) this.#current.delete(key);
			// §6.2.4: the server may have closed it just when these were sent.
			for (const exchange of unanswered) this.#send(server, exchange);
		});
		this.#open.add(connection);
		void this.#dial(server, connection);
		return connection;
	}

	async #dial(server: IpEndpoint, connection: Connection): Promise<void> {
		try {
			connection.start(await this.#stack.connect(server, { signal: connection.signal }));
		} catch (error) {
			connection.fail(fromSystem(error, { operation: 'connect', remote: formatSocketAddress(server) }));
		}
	}
}

class StreamExchange implements Exchange {
	readonly query: Uint8Array;
	readonly handler: ExchangeHandler;
	connection: Connection | undefined;
	id = 0;
	/** It was on a connection that was lost. */
	repeated = false;
	held = true;

	constructor(query: Uint8Array, handler: ExchangeHandler) {
		this.query = query;
		this.handler = handler;
	}

	cancel(): void {
		this.connection?.forget(this);
	}

	unref(): void {
		this.held = false;
		this.connection?.hold();
	}
}

class Connection {
	readonly #controller = new AbortController();
	readonly #clock: Clock;
	readonly #random: Random;
	readonly #gone: (unanswered: readonly StreamExchange[]) => void;
	readonly #input = new ByteQueue();
	/** By id; undefined for one that was cancelled, whose answer may still come. */
	readonly #pending = new Map<number, StreamExchange | undefined>();
	#flow: Flow | undefined;
	#idle: Timer | undefined;
	#answered = false;
	/** It takes no more queries, and waits for the server to close its end. */
	#retired = false;
	#over = false;

	constructor(clock: Clock, random: Random, gone: (unanswered: readonly StreamExchange[]) => void) {
		this.#clock = clock;
		this.#random = random;
		this.#gone = gone;
	}

	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	get full(): boolean {
		return this.#retired || this.#pending.size >= mostPipelined;
	}

	add(exchange: StreamExchange): void {
		this.#idle?.cancel();
		this.#idle = undefined;
		do exchange.id = this.#random.below(65_536);
		while (this.#pending.has(exchange.id));
		exchange.connection = this;
		this.#pending.set(exchange.id, exchange);
		if (this.#flow) this.#write(exchange);
		this.hold();
	}

	start(flow: Flow): void {
		if (this.#over) {
			flow.abort();
			return;
		}
		this.#flow = flow;
		flow.handler = {
			onData: (chunk) => this.#receive(chunk),
			onDrain() {},
			onEnd: () => this.#lost(closedByServer(flow)),
			onClose: (error) => this.#lost(error ?? closedByServer(flow)),
		};
		flow.resume();
		for (const exchange of this.#pending.values()) if (exchange) this.#write(exchange);
		this.hold();
	}

	/** Holds the process as long as somebody waits who does. */
	hold(): void {
		if (this.#live().some(({ held }) => held)) this.#flow?.ref();
		else this.#flow?.unref();
	}

	forget(exchange: StreamExchange): void {
		if (this.#pending.get(exchange.id) !== exchange) return;
		this.#pending.set(exchange.id, undefined);
		this.hold();
		// Nobody waits for what is still to come, if anything is.
		if (this.#live().length === 0) this.#end();
	}

	fail(error: PostSocketsError): void {
		if (this.#over) return;
		const unanswered = this.#live();
		this.#end();
		for (const { handler } of unanswered) handler.onFailure(error);
	}

	/** The server has closed it: those who were not the first on it get another try. */
	#lost(error: PostSocketsError): void {
		if (this.#over) return;
		const unanswered = this.#live();
		const again = unanswered.filter(({ repeated }) => this.#answered && !repeated);
		this.#end(again);
		for (const exchange of unanswered) if (!again.includes(exchange)) exchange.handler.onFailure(error);
	}

	#end(again: readonly StreamExchange[] = []): void {
		this.#over = true;
		this.#pending.clear();
		this.#idle?.cancel();
		this.#controller.abort();
		this.#flow?.abort();
		for (const exchange of again) exchange.repeated = true;
		this.#gone(again);
	}

	#retire(): void {
		this.#retired = true;
		this.#flow!.end();
		this.#idle = this.#timer(() => this.#end());
	}

	#timer(run: () => void): Timer {
		const timer = this.#clock.after(idleTime, run);
		timer.unref?.();
		return timer;
	}

	#live(): StreamExchange[] {
		return [...this.#pending.values()].filter((exchange) => exchange !== undefined);
	}

	/** RFC 1035 §4.2.2: each message behind its length, in one write (RFC 7766 §8). */
	#write({ id, query }: StreamExchange): void {
		const bytes = new Uint8Array(2 + query.length);
		bytes.set([query.length >>> 8, query.length & 0xff]);
		bytes.set(query, 2);
		bytes.set([id >>> 8, id & 0xff], 2);
		this.#flow!.write([bytes]);
	}

	#receive(chunk: Uint8Array): void {
		if (this.#over) return;
		const input = this.#input;
		input.push(chunk);
		while (!this.#over && input.length >= 2) {
			const length = input.at(0) * 256 + input.at(1);
			if (input.length < 2 + length) break;
			input.skip(2);
			this.#take(new Uint8Array(input.take(length)));
		}
		if (!this.#over) input.own();
	}

	#take(response: Uint8Array): void {
		const id = response.length < 2 ? -1 : response[0]! * 256 + response[1]!;
		if (!this.#pending.has(id)) {
			this.fail(nonsense(this.#flow!));
			return;
		}
		const exchange = this.#pending.get(id);
		this.#pending.delete(id);
		this.#answered = true;
		this.hold();
		if (this.#pending.size === 0) this.#idle = this.#timer(() => this.#retire());
		if (exchange === undefined) return;
		response.set(exchange.query.subarray(0, 2));
		exchange.handler.onMessage(response);
	}
}

function closedByServer({ remote }: Flow): PostSocketsError {
	return new PostSocketsError('reset', 'the DNS server closed the connection', {
		operation: 'resolve',
		remote: formatSocketAddress(remote),
	});
}

function nonsense({ remote }: Flow): PostSocketsError {
	return new PostSocketsError('malformed', 'the DNS server answered what it was not asked', {
		operation: 'resolve',
		remote: formatSocketAddress(remote),
	});
}
