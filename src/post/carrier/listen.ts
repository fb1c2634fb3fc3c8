/** Passive open: `listen(local, options)` (P-20), on every address the local stands for, all with one port. */

import { IpAddress } from '../../base/address.ts';
import { badArgument, type ErrorCode, PostSocketsError } from '../../base/errors.ts';
import type { SocketAddress } from '../../base/socket-address.ts';
import type { FlowListener } from '../../stack/flow.ts';
import type { Stack } from '../../stack/stack.ts';
import { hostAddresses } from '../endpoint/host-addresses.ts';
import { Local, type LocalLike } from '../endpoint/local.ts';
import { Remote, type RemoteLike } from '../endpoint/remote.ts';
import type { Protocol } from '../message/protocol.ts';
import { type CandidatePath, gather } from '../paths/gather.ts';
import { settle } from '../policy/cascade.ts';
import type { Policy } from '../policy/policy.ts';
import { canListen, ownSecurity, type Security, withIdentity } from '../policy/security.ts';
import { eligible, selectTransports } from '../transport/select.ts';
import { standsOn, type Transport } from '../transport/transport.ts';
import { bareProtocol } from './establish.ts';
import { Listener, type ListenerOptions } from './listener.ts';

export interface ListenOptions<In, Out>
	extends Pick<ListenerOptions, 'admit' | 'handshakeTimeout' | 'closeTimeout' | 'limits' | 'onError'> {
	/** What the two ends agree on. Default: bare bytes. */
	readonly protocol?: Protocol<In, Out> | undefined;
	/** Certificate and key; `selfSigned()` makes both for development. Required unless the local says `tcp://` or `unix:`. */
	readonly security?: Security | Promise<Security> | undefined;
	/** What is wanted of the transport, by the names of RFC 9622. Default: reliable, in order. */
	readonly policy?: Policy | undefined;
	/** The only peers to let in: their addresses, those of names as resolved when listening begins. Default: all. */
	readonly remote?: RemoteLike | undefined;
	/** Connections the stack holds before they are accepted. Default 511. */
	readonly backlog?: number | undefined;
	/**
	 * Over datagrams, whose senders can be forged: bytes that may go to a peer for each that came from it, headers
	 * included; what is more fails with `too-large`. Default: no limit.
	 */
	readonly amplification?: number | undefined;
	readonly signal?: AbortSignal | undefined;
}

/** A port that is free on one address may be taken on the next; so often another is tried. */
const portTries = 8;

/** What is said of an address or a whole family that this machine does not have: the others will do. */
const notHere: readonly ErrorCode[] = ['address-unavailable', 'unreachable'];

/**
 * Listens on `local`: `host:port` secured, `tcp://host:port` or `unix:/path` plain; port 0 takes a free one, no host
 * means every address. Rejects with `address-in-use`, `address-unavailable`, `not-permitted`, `dns-not-found`,
 * `dns-timeout`. Throws `bad-argument` if a secure listener has no key.
 */
export async function listen<In = Uint8Array, Out = Uint8Array>(
	local: LocalLike,
	options: ListenOptions<In, Out> = {},
): Promise<Listener<In, Out>> {
	if (local === undefined)
		throw badArgument('listening needs a local: a place such as "tcp://localhost:3005"', 'listen');
	const place = Local.from(local);
	const { signal = new AbortController().signal, backlog, amplification } = options;
	const protocol = options.protocol ?? (bareProtocol(place.scheme) as Protocol<In, Out>);
	const policy = settle('listen', options.policy);
	const [transport] = eligible(selectTransports(place.scheme), policy, protocol.framing);
	const security = withIdentity(ownSecurity(await options.security), [place.identity]);
	checkKey(transport!, security, place);
	transport!.check?.(security, 'listen');
	const { stack } = place;
	if (!standsOn(transport!, stack, 'listen'))
		throw new PostSocketsError('no-candidates', `the stack ${stack.name} cannot listen`);
	const admit = await admission(options, stack, signal);
	const paths = gather({ locals: [place], transports: [transport!], policy });
	const addresses = onPaths(paths, onInterface(place, await addressesOf(place, signal)), place);
	for (let tries = 1; ; tries += 1) {
		const listener = new Listener<In, Out>(protocol, {
			...options,
			stack,
			transport: transport!,
			security,
			policy,
			admit,
		});
		const { handler } = listener;
		const open = (address: SocketAddress) =>
			transport!.listen({ stack, address, handler, backlog, amplification, signal });
		const opened: FlowListener[] = [];
		const failures = await openAll(addresses, opened, open);
		const [failure] = failures.filter(({ code }) => opened.length === 0 || !notHere.includes(code));
		if (!failure) {
			listener.stand(opened);
			return listener;
		}
		await Promise.all(opened.map((one) => one.close()));
		if (place.port !== 0 || failure.code !== 'address-in-use' || tries === portTries) throw failure;
	}
}

/** RFC 9622 §7.2: a remote constrains who is accepted; its port, a client's, does not. */
async function admission<In, Out>(
	{ remote, admit }: ListenOptions<In, Out>,
	stack: Stack,
	signal: AbortSignal,
): Promise<ListenerOptions['admit']> {
	if (remote === undefined) return admit;
	const allowed = (await Remote.from(remote).resolve({ stack, signal })).flatMap(({ addresses }) => addresses);
	return (peer) => allowed.some((each) => peer.address?.equals(each)) && (admit?.(peer) ?? true);
}

/** The first decides the port of all, if any may be taken. */
async function openAll(
	addresses: readonly SocketAddress[],
	opened: FlowListener[],
	open: (address: SocketAddress) => Promise<FlowListener>,
): Promise<PostSocketsError[]> {
	const failures: PostSocketsError[] = [];
	for (const address of addresses) {
		const [first] = opened;
		const port = first && 'port' in first.local ? first.local.port : undefined;
		try {
			opened.push(await open('port' in address && port !== undefined ? { ...address, port } : address));
		} catch (error) {
			if (!(error instanceof PostSocketsError)) throw error;
			failures.push(error);
		}
	}
	return failures;
}

async function addressesOf(
	{ path, address, hostName, port, stack }: Local,
	signal: AbortSignal,
): Promise<SocketAddress[]> {
	if (path !== undefined) return [{ path }];
	if (address) return [{ address, port }];
	if (hostName === undefined) {
		const { ipv4, ipv6 } = stack.features;
		return [...(ipv6 ? [IpAddress.any6] : []), ...(ipv4 ? [IpAddress.any4] : [])].map((any) => ({
			address: any,
			port,
		}));
	}
	const found = await hostAddresses(hostName, stack, signal);
	if (found.length > 0) return found.map((each) => ({ address: each, port }));
	throw new PostSocketsError('dns-not-found', `"${hostName}" has no address to listen on`, { operation: 'listen' });
}

/** RFC 9622 §6.1.2: the interface of a local is a hard restriction. */
function onInterface({ interface: name, stack }: Local, addresses: readonly SocketAddress[]): readonly SocketAddress[] {
	if (name === undefined) return addresses;
	const its = stack.interfaces?.().find((each) => each.name === name)?.addresses ?? [];
	const found = narrow(addresses, its);
	if (found.length > 0) return found;
	const message = `the stack ${stack.name} has no such address on an interface ${name}`;
	throw new PostSocketsError('address-unavailable', message, { operation: 'listen' });
}

/** What a policy wishes of paths is where a listener may stand (RFC 9622 §6.2.11 to §6.2.13). */
function onPaths(
	paths: readonly CandidatePath[],
	addresses: readonly SocketAddress[],
	place: Local,
): readonly SocketAddress[] {
	const allowed = paths.map((path) => path.addresses);
	if (allowed.includes(undefined)) return addresses;
	const found = narrow(
		addresses,
		allowed.flatMap((each) => each!),
	);
	if (found.length > 0) return found;
	const message = `${place} is on no path that the policy allows; those are ${paths.map(({ name }) => name).join(', ')}`;
	throw new PostSocketsError('no-candidates', message, { operation: 'listen' });
}

/** `addresses` as far as they are `own`; every address means each of its family. */
function narrow(addresses: readonly SocketAddress[], own: readonly IpAddress[]): readonly SocketAddress[] {
	return addresses.flatMap((place) => {
		if (!('address' in place)) return [];
		const { address, port } = place;
		const same = own.filter((each) => (address.isUnspecified ? each.family === address.family : each.equals(address)));
		return same.map((each) => ({ address: each, port }));
	});
}

function checkKey({ features }: Transport, security: Security, place: Local): void {
	if (!features.secure || canListen(security)) return;
	throw badArgument(
		`listening on ${place} needs a certificate and its key: pass \`security: { cert, key }\`, or selfSigned() ` +
			`for development; or name it tcp://${String(place).replace(/^.*:\/\//, '')} to go without security`,
		'listen',
	);
}
