/** A Sink (P-23): hears every peer that comes to one place, and answers none; or a multicast group (P-98). */

import { IpAddress } from '../../base/address.ts';
import { badArgument, PostSocketsError } from '../../base/errors.ts';
import type { FlowListener } from '../../stack/flow.ts';
import { Local, type LocalLike } from '../endpoint/local.ts';
import type { Protocol } from '../message/protocol.ts';
import { settle } from '../policy/cascade.ts';
import { checkGroup, groupSink } from '../transport/multicast.ts';
import { eligible } from '../transport/select.ts';
import type { Carrier } from './carrier.ts';
import { oneWay } from './direction.ts';
import { bareProtocol } from './establish.ts';
import { Intake } from './intake.ts';
import { type ListenOptions, listen } from './listen.ts';
import { Listener } from './listener.ts';
import { mostPeers, type PeerLimits, Peers } from './peers.ts';
import type { Received } from './received.ts';

export interface SinkOptions<In> extends Omit<ListenOptions<In, never>, 'limits' | 'amplification'> {
	/**
	 * Of a multicast group, in place of `remote`: hear these senders alone (source-specific multicast, RFC 4607). Default:
	 * every sender.
	 */
	readonly sources?: readonly (string | IpAddress)[] | undefined;
	readonly limits?: Partial<PeerLimits & NonNullable<ListenOptions<In, never>['limits']>> | undefined;
	/**
	 * Hears of what never became a message: peers that were malformed, were reset, failed their handshake, or were turned
	 * away by a limit. Default: nobody does.
	 */
	readonly onError?: ((error: PostSocketsError) => void) | undefined;
}

/**
 * Stands on `local` as `listen` does, by UDP, TCP, TLS or a Unix socket, and gives the messages of all peers as one
 * sequence, in which each peer has its turn. `from` of a message says who sent it.
 *
 * `udp://239.255.0.1:5000` joins a multicast group, on the interface of `local`; the group is always the local's. Many may
 * hear one group at one port, so the port is never 0. Nothing secures multicast, so the scheme is never left out.
 *
 * Throws and rejects as `listen` does; `policy-contradiction` if the policy's direction is not `unidirectional-receive`.
 */
export async function sink<In = Uint8Array>(local: LocalLike, options: SinkOptions<In> = {}): Promise<Sink<In>> {
	const place = Local.from(local);
	const most = mostPeers(options.limits);
	const asked = { ...options, policy: oneWay('listen', options.policy, 'unidirectional-receive') };
	const open = place.address?.isMulticast ? joinGroup : listenOnce;
	return new Sink(await open(place, asked), new Intake<In>(place.stack.clock), most, options.onError);
}

export class Sink<In = Uint8Array> implements AsyncIterable<Received<In>>, AsyncDisposable {
	readonly #listener: Listener<In, never>;
	readonly #intake: Intake<In>;
	readonly #peers: Peers<In, never>;
	readonly #onError: (error: PostSocketsError) => void;

	/** @internal Made by `sink`. */
	constructor(
		listener: Listener<In, never>,
		intake: Intake<In>,
		mostPeers: number,
		onError: (error: PostSocketsError) => void = () => {},
	) {
		this.#listener = listener;
		this.#intake = intake;
		this.#peers = new Peers(listener, mostPeers);
		this.#onError = onError;
		void this.#peers.serve((carrier) => this.#hear(carrier)).then(() => intake.end());
	}

	/** Every address it stands on, with the ports that were really taken; of a group, the group's. */
	get locals(): readonly string[] {
		return this.#listener.locals;
	}

	/** The port, the same on all addresses; undefined on a Unix socket. */
	get port(): number | undefined {
		return this.#listener.port;
	}

	/** Peers heard now. */
	get peers(): number {
		return this.#peers.carriers.size;
	}

	/** Resolves, never rejects, when nobody new is heard any more; with the cause if the stack ended it. */
	get closed(): Promise<PostSocketsError | undefined> {
		return this.#listener.closed;
	}

	/** The next message of any peer; undefined once the sink is closed. Rejects with `aborted`, and then has taken none. */
	receive({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Received<In> | undefined> {
		return this.#intake.receive(signal);
	}

	/** Calls `handler` with every message until it returns false or the result is disposed of. */
	onMessage(handler: (received: Received<In>) => unknown): Disposable {
		const stop = this.#intake.onMessage(handler);
		return { [Symbol.dispose]: stop };
	}

	/** Every message, until the sink is closed. Leaving the loop does not close it. */
	[Symbol.asyncIterator](): AsyncGenerator<Received<In>, void, void> {
		return this.#intake.iterate();
	}

	/** Hears nobody any more: frees the address, leaves the group, closes what peers have opened; drops what nobody took. */
	async close(): Promise<void> {
		this.#intake.end();
		const closing = this.#listener.close();
		await Promise.all([...this.#peers.carriers].map((carrier) => carrier.close()));
		await closing;
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	/** Keeps the process alive while it is open: the default. */
	ref(): this {
		this.#peers.hold(true);
		return this;
	}

	/** Lets the process exit although it is open. */
	unref(): this {
		this.#peers.hold(false);
		return this;
	}

	/** Never rejects: what a peer does ends its own carrier. */
	async #hear(carrier: Carrier<In, never>): Promise<void> {
		carrier.observe('softError', (error) => this.#onError(error));
		try {
			for await (const received of carrier) await this.#intake.offer(received);
			await carrier.close();
		} catch (error) {
			carrier.abort();
			if (error instanceof PostSocketsError) this.#onError(error);
		}
	}
}

function listenOnce<In>(place: Local, { sources, ...options }: SinkOptions<In>): Promise<Listener<In, never>> {
	if (sources === undefined) return listen<In, never>(place, options);
	throw badArgument(`sources are of multicast groups, and ${place} is none; \`remote\` says whom to let in`, 'listen');
}

/** A port for each source: each is a membership, and hears nobody else. */
async function joinGroup<In>(place: Local, options: SinkOptions<In>): Promise<Listener<In, never>> {
	const { scheme, stack, port, interface: on } = place;
	checkGroup(scheme, stack, 'listen');
	const { sources = [undefined], signal = new AbortController().signal } = options;
	const address = { address: place.address!, port };
	const protocol = options.protocol ?? (bareProtocol(scheme) as Protocol<In, never>);
	const policy = settle('listen', options.policy);
	const joining = sources.map((source) => {
		const parsed = typeof source === 'string' ? IpAddress.parse(source) : source;
		return groupSink({ source: parsed, interface: on });
	});
	const [transport] = joining;
	if (!transport) throw badArgument('`sources` is an empty list: leave it out to hear every sender', 'listen');
	eligible([transport], policy, protocol.framing);
	if (options.remote !== undefined) throw badArgument(`who sends to a group is limited by \`sources\``, 'listen');
	// RFC 9623 §10.5
	if (port === 0) throw badArgument(`${place}: who sends to a group must know its port; name one`, 'listen');
	const listener = new Listener<In, never>(protocol, { ...options, stack, transport, security: {}, policy });
	const opened: FlowListener[] = [];
	try {
		for (const one of joining) opened.push(await one.listen({ stack, address, handler: listener.handler, signal }));
	} catch (error) {
		await Promise.all(opened.map((one) => one.close()));
		throw error;
	}
	listener.stand(opened);
	return listener;
}
