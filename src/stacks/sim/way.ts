/** The way of a stream through a network: which interfaces it passes, as routing tables have it, and what it takes. */

import { IpAddress } from '../../base/address.ts';
import { Prefix } from '../../base/prefix.ts';
import type { IpEndpoint } from '../../base/socket-address.ts';
import type { Impairments } from '../links/impair/impairments.ts';
import type { Faults } from './faults.ts';
import type { Gate } from './gate.ts';
import { mostHops } from './limits.ts';
import type { Node, World } from './node.ts';
import type { SimPacket } from './packet.ts';

/** An interface, in whatever life its host is. */
interface Place {
	readonly node: Node;
	readonly name: string;
}

/** From one interface to another on the same segment. */
export interface Leg {
	readonly out: Place;
	readonly in: Place;
}

/** `end` is missing where somebody on the way knows no further: `no-route`, or nobody on the segment has the address. */
export interface Way {
	readonly legs: readonly Leg[];
	readonly end: Node | undefined;
	/** The source, as the end sees it. */
	readonly seen: IpEndpoint;
	readonly problem: 'no-route' | 'no-host' | undefined;
}

export interface WayQuestion {
	readonly from: Node;
	readonly local: IpEndpoint;
	readonly to: IpAddress;
}

export function wayTo({ from, local, to }: WayQuestion, world: World): Way {
	const legs: Leg[] = [];
	let node = from;
	let seen = local;
	const stop = (problem: 'no-route' | 'no-host'): Way => ({ legs, end: undefined, seen, problem });
	while (legs.length < mostHops) {
		if (owns(node, to)) return { legs, end: node, seen, problem: undefined };
		if (node !== from && !node.forwards) return stop('no-route');
		const route = routeOf(node, to, node === from ? local.address : undefined);
		const out = route && node.gates.find(({ name }) => name === route.interface);
		if (route === undefined || out === undefined) return stop('no-route');
		const next = world.owner(route.via ?? to.withZone(undefined));
		if (next === undefined || next.gate.segment !== out.segment) return stop('no-host');
		seen = node.translated(seen, out) ?? seen;
		legs.push({ out: { node, name: out.name }, in: { node: next.node, name: next.gate.name } });
		node = next.node;
	}
	return stop('no-route');
}

/** Milliseconds from end to end, without chance. */
export function latencyOf(legs: readonly Leg[]): number {
	return legs.reduce((sum, leg) => sum + mean(sending(leg)) + mean(receiving(leg)), 0);
}

/** Bits per second of the slowest wire. */
export function rateOf(legs: readonly Leg[]): number {
	return Math.min(...legs.flatMap((leg) => [rate(sending(leg)), rate(receiving(leg))]));
}

export function reversed(legs: readonly Leg[]): Leg[] {
	return legs.map((leg) => ({ out: leg.in, in: leg.out })).reverse();
}

/** What becomes of a piece of a stream that sets out now. */
export type Fate = 'lost' | { readonly delay: number } | { readonly held: (() => void)[] };

export function fateOf(legs: readonly Leg[], faults: Faults, piece: StreamPiece): Fate {
	let delay = 0;
	if (legs.some((leg) => !gateAt(leg.out)?.up || !gateAt(leg.in)?.up)) return 'lost';
	if (!faults.any || legs.length === 0) return { delay };
	const whole = { out: legs[0]!.out, in: legs.at(-1)!.in };
	for (const leg of [...legs, whole]) {
		const state = faults.between(leg.out.node.name, leg.in.node.name);
		if (state !== 'open') return state === 'cut' ? 'lost' : state;
	}
	for (const leg of legs) {
		const verdict = faults.judge(piece.at(leg));
		if (verdict === 'drop') return 'lost';
		if (typeof verdict === 'string') continue;
		if ('corrupt' in verdict) return 'lost';
		if ('delay' in verdict) delay += verdict.delay;
	}
	return { delay };
}

/** A piece of a stream, for rules to judge. */
export class StreamPiece {
	readonly #from: IpEndpoint;
	readonly #to: IpEndpoint;
	readonly #length: number;
	readonly #now: number;

	constructor(from: IpEndpoint, to: IpEndpoint, length: number, now: number) {
		this.#from = from;
		this.#to = to;
		this.#length = length;
		this.#now = now;
	}

	at(leg: Leg): SimPacket {
		return {
			at: this.#now,
			from: leg.out.node.name,
			to: leg.in.node.name,
			link: gateAt(leg.in)?.segment.name ?? '?',
			protocol: 'tcp',
			source: this.#from.address,
			destination: this.#to.address,
			sourcePort: this.#from.port,
			destinationPort: this.#to.port,
			length: this.#length,
			bytes: none,
			toString: () => this.toString(),
		};
	}

	toString(): string {
		const [from, to] = [this.#from, this.#to];
		return `tcp ${from.address} ${from.port} > ${to.address} ${to.port} ${this.#length} bytes`;
	}
}

const none = new Uint8Array(0);

function owns({ ip }: Node, address: IpAddress): boolean {
	if (address.isLoopback) return true;
	const bare = address.withZone(undefined);
	return (
		ip?.interfaces().some(({ addresses }) => addresses.some((each) => each.withZone(undefined).equals(bare))) === true
	);
}

interface FoundRoute {
	readonly interface: string;
	readonly via: IpAddress | undefined;
}

/** The longest prefix, then the best metric; of one that comes from an address, first by the interface that has it. */
function routeOf({ ip }: Node, to: IpAddress, source: IpAddress | undefined): FoundRoute | undefined {
	if (to.zone !== undefined) return { interface: to.zone, via: undefined };
	const home = source && ip?.interfaces().find(({ addresses }) => addresses.some((each) => each.equals(source)))?.name;
	const routes = (ip?.inspect().routes ?? [])
		.map((route) => ({ ...route, prefix: Prefix.parse(route.to) }))
		.filter(({ prefix }) => prefix.contains(to))
		.sort((a, b) => b.prefix.length - a.prefix.length || a.metric - b.metric);
	const best = routes.find((route) => route.interface === home) ?? routes[0];
	return best && { interface: best.interface, via: best.via === undefined ? undefined : IpAddress.parse(best.via) };
}

function gateAt({ node, name }: Place): Gate | undefined {
	return node.gates.find((gate) => gate.name === name);
}

function sending({ out }: Leg): Impairments {
	return gateAt(out)?.options.sending ?? {};
}

function receiving({ in: place }: Leg): Impairments {
	return gateAt(place)?.options.receiving ?? {};
}

function mean({ latency = 0 }: Impairments): number {
	return typeof latency === 'number' ? latency : latency.mean;
}

function rate({ rate = Number.POSITIVE_INFINITY }: Impairments): number {
	return typeof rate === 'number' ? rate : rate.bitsPerSecond;
}
