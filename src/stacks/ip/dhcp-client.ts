/** A client of DHCP for IPv4, which keeps one address for as long as servers let it. RFC 2131 §4.4 */

import { IpAddress } from '../../base/address.ts';
import type { MacAddress } from '../../base/mac-address.ts';
import type { Machine, Wake } from '../../base/machine.ts';
import { Prefix } from '../../base/prefix.ts';
import type { Random } from '../../base/random.ts';
import type { DhcpMessage } from '../../wire/dhcp.ts';
import { type DhcpOptions, type DhcpRoute, dhcpOptionCode } from '../../wire/dhcp-options.ts';

export type DhcpEvent =
	/** The link is up. A lease that is held is asked for again: it may be another network. */
	| { readonly type: 'start' }
	/** Gives the address back. */
	| { readonly type: 'stop' }
	| { readonly type: 'message'; readonly message: DhcpMessage }
	/** Somebody else has the address. */
	| { readonly type: 'duplicate' };

export interface DhcpSink {
	/** To the server, from the address of the lease; without a server to everybody, from none. */
	send(message: DhcpMessage, server: IpAddress | undefined): void;
	/** Also when it was prolonged; the address is the same then, or `unconfigure` came first. */
	configure(lease: DhcpLease): void;
	unconfigure(): void;
}

export interface DhcpLease {
	readonly prefix: Prefix;
	readonly server: IpAddress;
	/** Milliseconds; `Infinity` for ever. */
	readonly lifetime: number;
	readonly routes: readonly DhcpRoute[];
	readonly nameServers: readonly IpAddress[];
	readonly domainName: string | undefined;
	readonly mtu: number | undefined;
}

export type DhcpState = 'stopped' | 'selecting' | 'requesting' | 'bound' | 'renewing' | 'rebinding' | 'declined';

interface Offer {
	readonly address: IpAddress;
	readonly server: IpAddress;
}

/** RFC 2131 §4.1: milliseconds until the second message, and at most between two; each a second more or less. */
const firstInterval = 4000;
const longestInterval = 64_000;
/** A request that is not answered so often goes back to the start. */
const requests = 4;
/** RFC 2131 §3.1 (5): wait, so that a server that gives what others have does not make a storm. */
const declineWait = 10_000;
/** RFC 2131 §4.4.5: at least between two requests to prolong. */
const shortestRenewal = 60_000;
/** A shorter lease is taken for this: nobody can be made to ask all the time. */
const shortestLease = 60_000;

export class DhcpClient implements Machine<DhcpEvent, DhcpSink> {
	readonly #hardware: MacAddress;
	readonly #random: Random;
	#state: DhcpState = 'stopped';
	#transaction = 0;
	#began = 0;
	#sent = 0;
	#requestedAt = 0;
	#offer: Offer | undefined;
	#lease: DhcpLease | undefined;
	/** Moments at which to renew, to rebind, and of the end. */
	#renewAt = 0;
	#rebindAt = 0;
	#endsAt = 0;
	deadline = Number.POSITIVE_INFINITY;

	constructor(hardware: MacAddress, random: Random) {
		this.#hardware = hardware;
		this.#random = random;
	}

	get state(): DhcpState {
		return this.#state;
	}

	get lease(): DhcpLease | undefined {
		return this.#lease;
	}

	step(event: DhcpEvent | Wake, now: number, sink: DhcpSink): void {
		switch (event.type) {
			case 'start':
				if (this.#lease === undefined) {
					this.#discover(now, sink);
					return;
				}
				this.#state = 'bound';
				this.#rebindAt = now;
				this.#prolong(now, sink);
				return;
			case 'stop':
				if (this.#lease) sink.send(this.#release(this.#lease, now), this.#lease.server);
				this.#giveUp(sink);
				this.#state = 'stopped';
				this.deadline = Number.POSITIVE_INFINITY;
				return;
			case 'duplicate':
				this.#decline(now, sink);
				return;
			case 'message':
				this.#hear(event.message, now, sink);
				return;
			case 'wake':
				if (now >= this.deadline) this.#wake(now, sink);
		}
	}

	#wake(now: number, sink: DhcpSink): void {
		switch (this.#state) {
			case 'selecting':
				this.#sendDiscover(now, sink);
				return;
			case 'requesting':
				this.#sent < requests ? this.#sendRequest(now, sink) : this.#discover(now, sink);
				return;
			case 'declined':
				this.#discover(now, sink);
				return;
			case 'bound':
			case 'renewing':
			case 'rebinding':
				this.#prolong(now, sink);
				return;
			case 'stopped':
				this.deadline = Number.POSITIVE_INFINITY;
		}
	}

	#discover(now: number, sink: DhcpSink): void {
		this.#state = 'selecting';
		this.#transaction = this.#random.uint32();
		this.#began = now;
		this.#sent = 0;
		this.#sendDiscover(now, sink);
	}

	#sendDiscover(now: number, sink: DhcpSink): void {
		this.#again(now);
		sink.send(this.#message({ messageType: 'discover', parameterRequestList: wanted }, now), undefined);
	}

	#sendRequest(now: number, sink: DhcpSink): void {
		this.#again(now);
		sink.send(
			this.#message({ messageType: 'request', parameterRequestList: wanted, ...this.#named() }, now),
			undefined,
		);
	}

	/** RFC 2131 §4.4.5 */
	#prolong(now: number, sink: DhcpSink): void {
		if (now >= this.#endsAt) {
			this.#giveUp(sink);
			this.#discover(now, sink);
			return;
		}
		if (this.#state === 'bound') {
			this.#transaction = this.#random.uint32();
			this.#began = now;
		}
		const rebinding = now >= this.#rebindAt;
		this.#state = rebinding ? 'rebinding' : 'renewing';
		const next = rebinding ? this.#endsAt : this.#rebindAt;
		this.deadline = Math.min(next, now + Math.max(shortestRenewal, (next - now) / 2));
		this.#requestedAt = now;
		const message = this.#message({ messageType: 'request', parameterRequestList: wanted }, now);
		sink.send(message, rebinding ? undefined : this.#lease!.server);
	}

	#hear(message: DhcpMessage, now: number, sink: DhcpSink): void {
		const { operation, transactionId, clientHardware, options, yourAddress } = message;
		if (operation !== 'reply' || transactionId !== this.#transaction || !clientHardware.equals(this.#hardware)) return;
		const server = options.serverIdentifier;
		if (server === undefined || !isHost(server)) return;
		if (this.#state === 'selecting' && options.messageType === 'offer' && isHost(yourAddress)) {
			this.#offer = { address: yourAddress, server };
			this.#state = 'requesting';
			this.#sent = 0;
			this.#sendRequest(now, sink);
			return;
		}
		const asked = this.#state === 'requesting' || this.#state === 'renewing' || this.#state === 'rebinding';
		// A rebind may be answered by any server, all else only by the one that was asked.
		const known = this.#state === 'requesting' ? this.#offer?.server : this.#lease?.server;
		if (!asked || (this.#state !== 'rebinding' && !known?.equals(server))) return;
		if (options.messageType === 'nak') {
			this.#giveUp(sink);
			this.#state = 'declined';
			this.deadline = now + declineWait;
		} else if (options.messageType === 'ack' && isHost(yourAddress)) {
			this.#bind(readLease(yourAddress, server, options), options, now, sink);
		}
	}

	#bind(lease: DhcpLease, options: DhcpOptions, now: number, sink: DhcpSink): void {
		if (this.#lease && !this.#lease.prefix.equals(lease.prefix)) this.#giveUp(sink);
		this.#lease = lease;
		this.#state = 'bound';
		// The lease counts from when it was asked for. RFC 2131 §4.4.1
		const { lifetime } = lease;
		const renewal = spanOf(options.renewalTime, lifetime / 2, lifetime);
		const rebinding = spanOf(options.rebindingTime, lifetime * 0.875, lifetime);
		this.#endsAt = this.#requestedAt + lifetime;
		this.#rebindAt = this.#requestedAt + rebinding;
		this.#renewAt = Math.min(this.#requestedAt + renewal, this.#rebindAt);
		this.deadline = Math.max(now, this.#renewAt);
		sink.configure(lease);
	}

	#decline(now: number, sink: DhcpSink): void {
		if (this.#lease === undefined) return;
		const options = { messageType: 'decline', ...this.#named() } as const;
		sink.send({ ...this.#message(options, now), clientAddress: IpAddress.any4 }, undefined);
		this.#giveUp(sink);
		this.#state = 'declined';
		this.deadline = now + declineWait;
	}

	#release({ server }: DhcpLease, now: number): DhcpMessage {
		this.#transaction = this.#random.uint32();
		return this.#message({ messageType: 'release', serverIdentifier: server }, now);
	}

	#giveUp(sink: DhcpSink): void {
		this.#offer = undefined;
		if (this.#lease === undefined) return;
		this.#lease = undefined;
		sink.unconfigure();
	}

	/** Sets when to send the next one. */
	#again(now: number): void {
		const interval = Math.min(firstInterval * 2 ** this.#sent, longestInterval);
		this.#sent = Math.min(this.#sent + 1, 16);
		this.#requestedAt = now;
		this.deadline = now + interval - 1000 + this.#random.below(2001);
	}

	/** Which address of which server is meant, where the message does not come from it. */
	#named(): DhcpOptions {
		const address = this.#lease?.prefix.address ?? this.#offer?.address;
		return { requestedAddress: address, serverIdentifier: this.#lease?.server ?? this.#offer?.server };
	}

	#message(options: DhcpOptions, now: number): DhcpMessage {
		return {
			operation: 'request',
			hops: 0,
			transactionId: this.#transaction,
			seconds: Math.min(0xffff, Math.floor((now - this.#began) / 1000)),
			// A stack without an address may be sent unicast by few links' switches; broadcast reaches it everywhere.
			broadcast: this.#lease === undefined,
			clientAddress: this.#lease?.prefix.address ?? IpAddress.any4,
			yourAddress: IpAddress.any4,
			serverAddress: IpAddress.any4,
			relayAddress: IpAddress.any4,
			clientHardware: this.#hardware,
			serverName: '',
			bootFile: '',
			options: { ...options, clientIdentifier: Uint8Array.of(1, ...this.#hardware.bytes), maximumMessageSize: 1472 },
		};
	}
}

const wanted = Uint8Array.of(
	dhcpOptionCode.subnetMask,
	dhcpOptionCode.routes,
	dhcpOptionCode.routers,
	dhcpOptionCode.nameServers,
	dhcpOptionCode.domainName,
	dhcpOptionCode.mtu,
	dhcpOptionCode.renewalTime,
	dhcpOptionCode.rebindingTime,
);

/** Routes and name servers of one lease; more are ignored. */
const most = 16;

function readLease(address: IpAddress, server: IpAddress, options: DhcpOptions): DhcpLease {
	const { leaseTime = 0xffff_ffff, subnetMask, nameServers = [], domainName, mtu } = options;
	// A mask with holes, or none at all, says nothing about who is near.
	const prefix = Prefix.tryParse(`${address}/${subnetMask ?? 32}`) ?? Prefix.of(address, 32);
	const defaults = (options.routers ?? []).map((router) => ({ prefix: Prefix.of(IpAddress.any4, 0), router }));
	return {
		prefix,
		server,
		lifetime: leaseTime === 0xffff_ffff ? Number.POSITIVE_INFINITY : Math.max(shortestLease, leaseTime * 1000),
		// RFC 3442: beside classless routes, the option of routers is not looked at.
		routes: (options.routes ?? defaults).slice(0, most),
		nameServers: nameServers.slice(0, most),
		domainName,
		mtu,
	};
}

/** Of seconds that a server said, unless they make no sense. */
function spanOf(seconds: number | undefined, usual: number, lifetime: number): number {
	const said = seconds === undefined ? 0 : seconds * 1000;
	return said > 0 && said < lifetime ? Math.max(said, shortestLease / 2) : usual;
}

function isHost(address: IpAddress): boolean {
	return !address.isUnspecified && !address.isMulticast && !address.isLoopback && address.bytes[0]! < 240;
}
