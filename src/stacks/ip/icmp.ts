/** ICMP of both families: echo, errors about what was sent, and for IPv6 the talk of the link. RFC 792, RFC 4443 */

import type { IpAddress } from '../../base/address.ts';
import type { IcmpEcho } from '../../wire/icmp.ts';
import * as icmpv4 from '../../wire/icmpv4.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import { ipProtocol } from '../../wire/ip-protocol.ts';
import * as mld from '../../wire/mld.ts';
import * as neighborDiscovery from '../../wire/neighbor-discovery.ts';
import type { GroupMessages } from './group-messages.ts';
import { type Host, scoped } from './host.ts';
import type { NeighborDiscovery } from './neighbor-discovery.ts';
import type { Output, SendFailure, SendOptions } from './output.ts';
import type { Packet, Problem, Protocol } from './packet.ts';
import { problemOf4, problemOf6 } from './problems.ts';

/** Who has asked by echo, and hears what becomes of it. */
export interface EchoAsker {
	onReply(packet: Packet, echo: IcmpEcho): void;
	onProblem(problem: Problem): void;
}

export class Icmp implements Protocol {
	/** By family and identifier: `4 17`. */
	readonly askers = new Map<string, EchoAsker>();
	readonly #host: Host;
	readonly #output: Output;
	readonly #discovery: NeighborDiscovery;
	readonly #groups: GroupMessages;
	readonly #onProblem: (problem: Problem) => void;

	/** `onProblem` gets the errors about packets of every protocol. */
	constructor(
		host: Host,
		output: Output,
		discovery: NeighborDiscovery,
		groups: GroupMessages,
		onProblem: (problem: Problem) => void,
	) {
		this.#host = host;
		this.#output = output;
		this.#discovery = discovery;
		this.#groups = groups;
		this.#onProblem = onProblem;
	}

	deliver(packet: Packet): boolean {
		if ((packet.protocol === ipProtocol.icmpv4) === (packet.family === 4)) {
			if (packet.family === 4) this.#hear4(packet);
			else this.#hear6(packet);
		}
		return true;
	}

	sent(problem: Problem): boolean {
		return this.#asker(problem) !== undefined;
	}

	onProblem(problem: Problem): void {
		this.#asker(problem)?.onProblem(problem);
	}

	sendEcho(
		way: Parameters<Output['send']>[0],
		options: Omit<SendOptions, 'protocol'>,
		echo: IcmpEcho,
	): SendFailure | undefined {
		if (way.destination.family === 4) {
			const write = (out: Uint8Array, at: number) => void icmpv4.emit(echo, out, at);
			const protocol = ipProtocol.icmpv4;
			return this.#output.send(way, { ...options, protocol }, { length: icmpv4.lengthOf(echo), write });
		}
		const write = (out: Uint8Array, at: number, sum: number) => void icmpv6.emit(echo, out, at, sum);
		const protocol = ipProtocol.icmpv6;
		return this.#output.send(way, { ...options, protocol }, { length: icmpv6.lengthOf(echo), write });
	}

	#hear4(packet: Packet): void {
		const message = icmpv4.parse(packet.bytes, packet.start, packet.end);
		const { counters } = this.#host.ground;
		if (typeof message === 'string') {
			counters.add(message);
			return;
		}
		switch (message.kind) {
			case 'echo-request':
				// RFC 1122 §3.2.2.6: what is sent to many is not answered.
				if (packet.toUs && !packet.source.isUnspecified) this.#answer(packet, message);
				return;
			case 'echo-reply':
				this.askers.get(`4 ${message.identifier}`)?.onReply(packet, message);
				return;
			case 'redirect':
				counters.add('redirect-refused');
				return;
			default:
				this.#judge(problemOf4(message, packet.source));
				return;
		}
	}

	#hear6(packet: Packet): void {
		const message = icmpv6.parse(packet.bytes, packet.start, packet.end, packet.sum);
		if (typeof message === 'string') {
			this.#host.ground.counters.add(message);
			return;
		}
		if (neighborDiscovery.owns(message)) {
			this.#discovery.hear(packet, message);
			return;
		}
		if (mld.owns(message)) {
			this.#groups.hear(packet, message);
			return;
		}
		switch (message.kind) {
			case 'echo-request':
				if (!packet.source.isUnspecified && packet.toUs) this.#answer(packet, message);
				return;
			case 'echo-reply':
				this.askers.get(`6 ${message.identifier}`)?.onReply(packet, message);
				return;
			default: {
				const problem = problemOf6(message, packet.source);
				this.#judge(problem && { ...problem, destination: scoped(problem.destination, packet.nic) });
				return;
			}
		}
	}

	/** From the address that was asked. */
	#answer(packet: Packet, { identifier, sequence, data }: IcmpEcho): void {
		const source: IpAddress = packet.destination;
		const way = this.#host.wayTo(packet.source, { source });
		if (way) this.sendEcho(way, { dscp: packet.header.dscp }, { kind: 'echo-reply', identifier, sequence, data });
	}

	#judge(problem: Problem | undefined): void {
		if (problem === undefined) return;
		this.#host.ground.counters.add('icmp-errors-received');
		this.#onProblem(problem);
	}

	/** An error about an echo that we have sent: the quote has its type and identifier. */
	#asker({ bytes, start, protocol }: Problem): EchoAsker | undefined {
		const family = protocol === ipProtocol.icmpv4 ? 4 : 6;
		if (bytes[start] !== (family === 4 ? 8 : 128)) return undefined;
		return this.askers.get(`${family} ${(bytes[start + 4]! << 8) | bytes[start + 5]!}`);
	}
}
