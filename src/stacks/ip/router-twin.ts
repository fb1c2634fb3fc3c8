/** A router that advertises, for tests: frames written by hand. RFC 4861 §6.2 */

import { IpAddress } from '../../base/address.ts';
import type { MacAddress } from '../../base/mac-address.ts';
import * as ethernet from '../../wire/ethernet.ts';
import * as icmpv6 from '../../wire/icmpv6.ts';
import * as ipv6 from '../../wire/ipv6.ts';
import type { NdOption } from '../../wire/nd-options.ts';
import type { RouterAdvertisement } from '../../wire/neighbor-discovery.ts';
import { type Lan, macOf } from './lan-harness.ts';

/** Sends a message of ICMPv6 from somebody who is not there. */
export function sendIcmpv6(
	lan: Lan,
	message: icmpv6.Icmpv6Message,
	options: { from?: string; to?: string; mac?: MacAddress; hopLimit?: number } = {},
): void {
	const { from = 'fe80::ff', to = 'ff02::1', mac = macOf(0xff), hopLimit = 255 } = options;
	const [source, destination] = [IpAddress.parse(from), IpAddress.parse(to)];
	const payloadLength = icmpv6.lengthOf(message);
	const frame = new Uint8Array(14 + 40 + payloadLength);
	const group = new Uint8Array([0x33, 0x33, ...destination.bytes.subarray(12)]);
	frame.set(destination.isMulticast ? group : macOf(1).bytes);
	mac.copyTo(frame, 6);
	frame.set([ethernet.etherType.ipv6 >> 8, ethernet.etherType.ipv6 & 0xff], 12);
	const header = { source, destination, nextHeader: 58, hopLimit, dscp: 0, ecn: 0, flowLabel: 0, payloadLength };
	ipv6.emit(header, frame, 14);
	icmpv6.emit(message, frame, 54, new ipv6.Ipv6View(frame, 14, frame.length).pseudoSum(58));
	lan.carry(undefined, frame);
}

export function advertise(
	lan: Lan,
	options: readonly NdOption[],
	more: Partial<RouterAdvertisement> & { readonly from?: string; readonly sentHopLimit?: number } = {},
): void {
	const { from, sentHopLimit, ...rest } = more;
	const message: RouterAdvertisement = {
		kind: 'router-advertisement',
		hopLimit: 0,
		managed: false,
		other: false,
		preference: 'medium',
		lifetime: 1800,
		reachableTime: 0,
		retransmitTime: 0,
		options: [{ kind: 'source-address', address: macOf(0xff) }, ...options],
		...rest,
	};
	sendIcmpv6(lan, message, { ...(from && { from }), ...(sentHopLimit && { hopLimit: sentHopLimit }) });
}
