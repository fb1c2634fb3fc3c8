/** IGMP and MLD as a host speaks them: what routers ask, and what the memberships want told. RFC 3376, RFC 3810 */

import { IpAddress } from '../../base/address.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import * as igmp from '../../wire/igmp.ts';
import { ipProtocol } from '../../wire/ip-protocol.ts';
import type { GroupRecord } from '../../wire/membership.ts';
import type { MldMessage } from '../../wire/mld.ts';
import { type Host, localMtu } from './host.ts';
import type { MembershipSink } from './memberships.ts';
import type { Nic } from './nic.ts';
import { allRouters, type Output, wayOnLink } from './output.ts';
import type { Packet, Protocol } from './packet.ts';

export class GroupMessages implements Protocol {
	readonly #host: Host;
	readonly #output: Output;

	constructor(host: Host, output: Output) {
		this.#host = host;
		this.#output = output;
	}

	/** A packet of IGMP. */
	deliver({ bytes, start, end, nic, arrival }: Packet): boolean {
		if (arrival.local) return true;
		const message = igmp.parse(bytes, start, end);
		if (typeof message === 'string') {
			this.#host.ground.counters.add(message);
		} else if (message.kind === 'query') {
			const { group, details, maxResponseTime } = message;
			nic.changeGroup(4, {
				type: 'query',
				version: details ? 'newest' : maxResponseTime === 0 ? 'oldest' : 'older',
				group: group.isUnspecified ? undefined : group,
				sources: details?.sources ?? [],
				maxResponseTime,
			});
		} else if (message.kind === 'report-1' || message.kind === 'report-2') {
			nic.changeGroup(4, { type: 'answered', group: message.group });
		}
		return true;
	}

	sent(): boolean {
		return false;
	}

	onProblem(): void {}

	/** A message of MLD, which came in ICMPv6. */
	hear({ nic, header, arrival, source }: Packet, message: MldMessage): void {
		if (arrival.local) return;
		// RFC 3810 §5.1.14, §6.2: only from the link.
		if (header.hopLimit !== 1 || !source.isLinkLocal) {
			this.#host.ground.counters.add('martian');
			return;
		}
		if (message.kind === 'listener-query') {
			const { group, details, maxResponseTime } = message;
			nic.changeGroup(6, {
				type: 'query',
				version: details ? 'newest' : 'older',
				group: group.isUnspecified ? undefined : group,
				sources: details?.sources ?? [],
				maxResponseTime,
			});
		} else if (message.kind === 'listener-report') {
			nic.changeGroup(6, { type: 'answered', group: message.group });
		}
	}

	/** What becomes of the memberships of one interface. */
	sinks(nic: Nic): { readonly 4: MembershipSink; readonly 6: MembershipSink } {
		return { 4: this.#sink4(nic), 6: this.#sink6(nic) };
	}

	#sink4(nic: Nic): MembershipSink {
		const send = (to: IpAddress, message: igmp.IgmpMessage) => this.#send4(nic, to, message);
		return {
			records: (records) => {
				for (const some of inMessages(records, nic, 4)) send(igmp3Routers, { kind: 'records', records: some });
			},
			member: (group, version) => send(group, { kind: version === 'oldest' ? 'report-1' : 'report-2', group }),
			left: (group) => send(allRouters4, { kind: 'leave', group }),
		};
	}

	#sink6(nic: Nic): MembershipSink {
		const send = (to: IpAddress, message: MldMessage) => this.#send6(nic, to, message);
		return {
			records: (records) => {
				for (const some of inMessages(records, nic, 6)) send(mld2Routers, { kind: 'listener-records', records: some });
			},
			member: (group) => send(group, { kind: 'listener-report', group }),
			left: (group) => send(allRouters, { kind: 'listener-done', group }),
		};
	}

	#send4(nic: Nic, to: IpAddress, message: igmp.IgmpMessage): void {
		if (nic.loopback) return;
		// RFC 3376 §4.2.13: without an address, from nobody.
		const source = nic.usable().find(({ address }) => address.family === 4)?.address ?? IpAddress.any4;
		const options = { protocol: ipProtocol.igmp, hopLimit: 1, routerAlert: true, loopback: false };
		const write = (out: Uint8Array, at: number) => void igmp.emit(message, out, at);
		this.#output.send(wayOnLink(nic, source, to), options, { length: igmp.lengthOf(message), write });
	}

	#send6(nic: Nic, to: IpAddress, message: MldMessage): void {
		if (nic.loopback) return;
		// RFC 3590 §4, RFC 3810 §5.2.13: while there is no link-local address, from nobody.
		const own = nic.usable().find(({ address }) => address.family === 6 && address.isLinkLocal);
		const source = own?.address ?? IpAddress.any6;
		const options = { protocol: ipProtocol.icmpv6, hopLimit: 1, routerAlert: true, loopback: false };
		const write = (out: Uint8Array, at: number, sum: number) => void icmpv6.emit(message, out, at, sum);
		this.#output.send(wayOnLink(nic, source, to), options, { length: icmpv6.lengthOf(message), write });
	}
}

const igmp3Routers = IpAddress.parse('224.0.0.22');
const mld2Routers = IpAddress.parse('ff02::16');
const allRouters4 = IpAddress.parse('224.0.0.2');

/** As many as fit one packet each; of a record that fits none, the first sources. RFC 3376 §4.2.16 */
function* inMessages(records: readonly GroupRecord[], nic: Nic, family: 4 | 6): Generator<GroupRecord[]> {
	const width = family === 4 ? 4 : 16;
	const room = Math.min(nic.mtuOf(family), localMtu) - 64;
	let some: GroupRecord[] = [];
	let length = 0;
	for (const record of records) {
		const sources = record.sources.slice(0, Math.floor((room - 4 - width) / width));
		const size = 4 + width * (1 + sources.length);
		if (length + size > room) {
			yield some;
			some = [];
			length = 0;
		}
		some.push({ ...record, sources });
		length += size;
	}
	if (some.length > 0) yield some;
}
