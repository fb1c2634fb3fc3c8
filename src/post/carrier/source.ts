/** A Source (P-22): sends, and hears nothing; to one peer, or to a multicast group (P-98). */

import { IpAddress } from '../../base/address.ts';
import { badArgument } from '../../base/errors.ts';
import { Local, type LocalLike } from '../endpoint/local.ts';
import { Remote, type RemoteLike } from '../endpoint/remote.ts';
import { frame } from '../message/framing.ts';
import type { Protocol } from '../message/protocol.ts';
import { settle } from '../policy/cascade.ts';
import { checkGroup, type GroupSending, groupSource } from '../transport/multicast.ts';
import { eligible } from '../transport/select.ts';
import { type AnyCarrier, Carrier } from './carrier.ts';
import { oneWay } from './direction.ts';
import { bareProtocol } from './establish.ts';
import type { CarrierEvents, CarrierState, CloseReason } from './events.ts';
import { Group } from './group.ts';
import { initiate } from './initiate.ts';
import type { InitiateOptions } from './options.ts';
import type { Sending } from './sending.ts';
import type { SendProperties } from './terms.ts';
import type { Transient } from './transient.ts';

export interface SourceOptions<Out> extends Omit<InitiateOptions<never, Out>, 'protocol'>, GroupSending {
	/** How messages are sent. Default: bare bytes. */
	readonly protocol?: Protocol<unknown, Out> | undefined;
}

/**
 * Opens a way to `remote` for sending alone, as `initiate` opens a carrier: by UDP, TCP, TLS or a Unix socket. What the
 * peer sends all the same is dropped unread; when it ends, so does the source.
 *
 * `udp://239.255.0.1:5000` sends to a multicast group, by the interface of `local`, without joining it. Nothing secures
 * multicast, so the scheme is never left out; nothing is connected, so `lazy`, `reconnect` and how to race mean nothing.
 *
 * Throws and rejects as `initiate` does; `policy-contradiction` if the policy's direction is not `unidirectional-send`.
 */
export async function source<Out = Uint8Array>(
	remote: RemoteLike,
	options: SourceOptions<Out> = {},
): Promise<Source<Out>> {
	const target = Remote.from(remote);
	const policy = oneWay('initiate', options.policy, 'unidirectional-send');
	const protocol = deaf(options.protocol ?? (bareProtocol(target.scheme) as Protocol<unknown, Out>));
	const isGroup = target.all.some(({ addresses }) => addresses.some(({ isMulticast }) => isMulticast));
	if (isGroup) return new Source(await openGroup(target, protocol, { ...options, policy }));
	const { hopLimit, loopback, ...making } = options;
	if (hopLimit === undefined && loopback === undefined) {
		return new Source(await initiate(target, { ...making, policy, protocol }));
	}
	throw badArgument(`hopLimit and loopback are of multicast groups, and ${target} is none`, 'initiate');
}

/** See `Carrier` for what its members do. */
export class Source<Out = Uint8Array> implements AsyncDisposable {
	readonly canReceive = false;
	readonly #carrier: Carrier<Uint8Array, Out>;

	/** @internal Made by `source`. */
	constructor(carrier: Carrier<Uint8Array, Out>) {
		this.#carrier = carrier;
	}

	/** Resolves, never rejects, when it is over. */
	get closed(): Promise<CloseReason> {
		return this.#carrier.closed;
	}

	get state(): CarrierState {
		return this.#carrier.state;
	}

	get canSend(): boolean {
		return this.#carrier.canSend;
	}

	get transients(): readonly Transient[] {
		return this.#carrier.transients;
	}

	send(content: Out, properties?: SendProperties): Sending {
		return this.#carrier.send(content, properties);
	}

	post(content: Out, properties?: SendProperties): boolean {
		return this.#carrier.post(content, properties);
	}

	drained(): Promise<void> {
		return this.#carrier.drained();
	}

	observe<Name extends keyof CarrierEvents>(name: Name, listener: (event: CarrierEvents[Name]) => void): Disposable {
		return this.#carrier.observe(name, (event) => listener(event));
	}

	close(): Promise<void> {
		return this.#carrier.close();
	}

	abort(): void {
		this.#carrier.abort();
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	ref(): this {
		this.#carrier.ref();
		return this;
	}

	unref(): this {
		this.#carrier.unref();
		return this;
	}
}

/** Nothing is raced: a group has one address, and no packet is sent before the first message. */
async function openGroup<Out>(
	remote: Remote,
	protocol: Protocol<Uint8Array, Out>,
	options: SourceOptions<Out>,
): Promise<Carrier<Uint8Array, Out>> {
	const { addresses, port, scheme } = remote;
	const [from, ...others] = [options.local ?? {}].flat();
	const [address] = addresses;
	if (remote.all.length > 1 || addresses.length > 1 || others.length > 0 || !address || !from) {
		throw badArgument(`${remote}: a multicast group is one address, sent to from one local`, 'initiate');
	}
	const local = Local.from(from as LocalLike);
	const { stack } = local;
	checkGroup(scheme, stack, 'initiate');
	const transport = groupSource(options);
	const policy = settle('initiate', options.policy);
	eligible([transport], policy, protocol.framing);
	const { closeTimeout, limits, first, signal = new AbortController().signal } = options;
	const target = String(remote);
	const group = new Group<AnyCarrier>(policy);
	const carrier = new Carrier<Uint8Array, Out>(protocol, { stack, target, group, closeTimeout, limits });
	if (first !== undefined) carrier.post(first);
	const established = await transport.establish({
		stack,
		address: { address, port: port! },
		name: '',
		security: {},
		local: { address: local.address ?? (address.family === 6 ? IpAddress.any6 : IpAddress.any4), port: local.port },
		interface: local.interface,
		signal,
		onConnected() {},
	});
	carrier.attach(established, transport, stack);
	return carrier;
}

/** Sends as `protocol` does, and takes what comes for mere bytes, with which nothing can be wrong. */
function deaf<Out>({ framing, codec }: Protocol<unknown, Out>): Protocol<Uint8Array, Out> {
	return {
		framing: {
			...framing,
			framer() {
				const sending = framing.framer();
				const hearing = frame.stream().framer();
				return {
					frame: (message, properties, out) => sending.frame(message, properties, out),
					deframe: (input) => hearing.deframe(input),
				};
			},
		},
		codec: { encode: (value) => codec.encode(value), decode: (bytes) => bytes },
		correlate: undefined,
	};
}
