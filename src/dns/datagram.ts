import { IpAddress } from '../base/address.ts';
import { PostSocketsError } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { IpEndpoint } from '../base/socket-address.ts';
import { fromSystem } from '../base/system-error.ts';
import type { Port } from '../stack/port.ts';
import type { Datagrams } from '../stack/stack.ts';
import type { Exchange, ExchangeHandler, Transport } from './transport.ts';

/** Ports that are tried before the stack may choose. */
const portTries = 4;

/**
 * DNS over UDP. Each query has a port of its own, chosen at random and connected to the server, so that who would forge
 * a response must guess it (RFC 5452 §9.2).
 */
export class DatagramTransport implements Transport {
	readonly #stack: Datagrams;
	readonly #random: Random;
	readonly #open = new Set<DatagramExchange>();

	constructor(stack: Datagrams, random: Random) {
		this.#stack = stack;
		this.#random = random;
	}

	exchange(server: IpEndpoint, query: Uint8Array, handler: ExchangeHandler): Exchange {
		const exchange = new DatagramExchange(handler, () => this.#open.delete(exchange));
		this.#open.add(exchange);
		void this.#begin(server, query, exchange);
		return exchange;
	}

	close(): void {
		const error = new PostSocketsError('closed', 'the resolver is closed', { operation: 'resolve' });
		for (const exchange of [...this.#open]) exchange.fail(error);
	}

	async #begin(server: IpEndpoint, query: Uint8Array, exchange: DatagramExchange): Promise<void> {
		try {
			exchange.start(await this.#bind(server, exchange.signal), query);
		} catch (error) {
			exchange.fail(fromSystem(error, { operation: 'bind' }));
		}
	}

	async #bind(remote: IpEndpoint, signal: AbortSignal): Promise<Port> {
		const address = remote.address.family === 4 ? IpAddress.any4 : IpAddress.any6;
		for (let tries = portTries; ; tries -= 1) {
			const port = tries === 0 ? 0 : 1024 + this.#random.below(65_536 - 1024);
			try {
				return await this.#stack.bind({ address, port }, { remote, signal });
			} catch (error) {
				const taken = error instanceof PostSocketsError && error.code === 'address-in-use';
				if (!taken || tries === 0) throw error;
			}
		}
	}
}

class DatagramExchange implements Exchange {
	readonly #controller = new AbortController();
	readonly #handler: ExchangeHandler;
	readonly #gone: () => void;
	#port: Port | undefined;
	#held = true;
	#over = false;

	constructor(handler: ExchangeHandler, gone: () => void) {
		this.#handler = handler;
		this.#gone = gone;
	}

	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	start(port: Port, query: Uint8Array): void {
		if (this.#over) {
			port.close();
			return;
		}
		this.#port = port;
		if (!this.#held) port.unref();
		port.handler = {
			onDatagram: (bytes) => this.#over || this.#handler.onMessage(bytes),
			onError: (error) => this.fail(error),
			onClose: (error) => this.fail(error ?? new PostSocketsError('closed', 'the port was closed')),
		};
		port.send(query, undefined, (error) => error && this.fail(error));
	}

	fail(error: PostSocketsError): void {
		if (this.#over) return;
		this.cancel();
		this.#handler.onFailure(error);
	}

	cancel(): void {
		if (this.#over) return;
		this.#over = true;
		this.#controller.abort();
		this.#port?.close();
		this.#gone();
	}

	unref(): void {
		this.#held = false;
		this.#port?.unref();
	}
}
