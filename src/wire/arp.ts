/** Address resolution for IPv4 over Ethernet. RFC 826 */

import { IpAddress } from '../base/address.ts';
import { MacAddress } from '../base/mac-address.ts';
import { type Flaw, reserve } from './codec.ts';
import { etherType } from './ethernet.ts';
import { putUint16, uint16 } from './network-order.ts';

export interface ArpPacket {
	readonly operation: 'request' | 'reply';
	readonly senderHardware: MacAddress;
	readonly senderAddress: IpAddress;
	/** Means nothing in a request. */
	readonly targetHardware: MacAddress;
	readonly targetAddress: IpAddress;
}

/** Other hardware, other protocols, and operations but the two are `unsupported`. */
export function parse(bytes: Uint8Array, start = 0, end = bytes.length): ArpPacket | Flaw {
	if (end - start < 8) return 'truncated';
	const operation = operations[uint16(bytes, start + 6)];
	if (uint16(bytes, start) !== ethernet || uint16(bytes, start + 2) !== etherType.ipv4 || operation === undefined) {
		return 'unsupported';
	}
	if (uint16(bytes, start + 4) !== addressLengths) return 'malformed';
	if (end - start < packetLength) return 'truncated';
	return {
		operation,
		senderHardware: MacAddress.at(bytes, start + 8),
		senderAddress: IpAddress.at(bytes, start + 14, 4),
		targetHardware: MacAddress.at(bytes, start + 18),
		targetAddress: IpAddress.at(bytes, start + 24, 4),
	};
}

export function lengthOf(_packet?: ArpPacket): number {
	return packetLength;
}

export function emit(packet: ArpPacket, out: Uint8Array, offset: number): number {
	const end = reserve(out, offset, packetLength);
	putUint16(out, offset, ethernet);
	putUint16(out, offset + 2, etherType.ipv4);
	putUint16(out, offset + 4, addressLengths);
	putUint16(out, offset + 6, operations.indexOf(packet.operation));
	packet.senderHardware.copyTo(out, offset + 8);
	packet.senderAddress.copyTo(out, offset + 14);
	packet.targetHardware.copyTo(out, offset + 18);
	packet.targetAddress.copyTo(out, offset + 24);
	return end;
}

const packetLength = 28;
const ethernet = 1;
/** 6 for the hardware, 4 for the protocol. */
const addressLengths = 0x0604;
const operations = [undefined, 'request', 'reply'] as const;
