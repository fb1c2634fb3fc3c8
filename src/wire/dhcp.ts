/** DHCP for IPv4 over Ethernet: the message in a UDP datagram between ports 67 and 68. RFC 2131 §2 */

import { IpAddress } from '../base/address.ts';
import { badArgument } from '../base/errors.ts';
import { MacAddress } from '../base/mac-address.ts';
import { type Flaw, reserve } from './codec.ts';
import * as dhcpOptions from './dhcp-options.ts';
import { decodeText, encodeText } from './dhcp-text.ts';
import { putUint16, putUint32, uint16, uint32 } from './network-order.ts';

export interface DhcpMessage {
	/** A client sends requests and a server replies, whatever the `messageType` in the options. */
	readonly operation: 'request' | 'reply';
	readonly hops: number;
	readonly transactionId: number;
	/** Since the client began; seconds. */
	readonly seconds: number;
	/** The client cannot take unicast before it has its address. */
	readonly broadcast: boolean;
	/** Of a client that has one already; else `0.0.0.0`, as in all the others. */
	readonly clientAddress: IpAddress;
	/** What the server gives. */
	readonly yourAddress: IpAddress;
	/** Of the next server to boot from, not of this one. */
	readonly serverAddress: IpAddress;
	readonly relayAddress: IpAddress;
	readonly clientHardware: MacAddress;
	/** At most 64 bytes. */
	readonly serverName: string;
	/** At most 128 bytes. */
	readonly bootFile: string;
	readonly options: dhcpOptions.DhcpOptions;
}

/** Other hardware, and BOOTP without options, are `unsupported`. */
export function parse(bytes: Uint8Array, start = 0, end = bytes.length): DhcpMessage | Flaw {
	if (end - start < fixedLength) return 'truncated';
	const operation = operations[bytes[start]!];
	if (operation === undefined) return 'malformed';
	if (uint16(bytes, start + 1) !== ethernet || uint32(bytes, start + 236) !== magicCookie) return 'unsupported';
	const serverName = bytes.subarray(start + 44, start + 108);
	const bootFile = bytes.subarray(start + 108, start + 236);
	const options = dhcpOptions.parse(bytes.subarray(start + fixedLength, end), bootFile, serverName);
	if (typeof options === 'string') return options;
	return {
		operation,
		hops: bytes[start + 3]!,
		transactionId: uint32(bytes, start + 4),
		seconds: uint16(bytes, start + 8),
		broadcast: (bytes[start + 10]! & 0x80) !== 0,
		clientAddress: IpAddress.at(bytes, start + 12, 4),
		yourAddress: IpAddress.at(bytes, start + 16, 4),
		serverAddress: IpAddress.at(bytes, start + 20, 4),
		relayAddress: IpAddress.at(bytes, start + 24, 4),
		clientHardware: MacAddress.at(bytes, start + 28),
		serverName: options.overload & 2 ? '' : textOf(serverName),
		bootFile: options.overload & 1 ? '' : textOf(bootFile),
		options: options.known,
	};
}

export function lengthOf(message: DhcpMessage): number {
	return Math.max(fixedLength + dhcpOptions.lengthOf(message.options), shortest);
}

/** Never overloads. Throws `bad-argument` too for a name that is too long. */
export function emit(message: DhcpMessage, out: Uint8Array, offset: number): number {
	const end = reserve(out, offset, lengthOf(message));
	out.fill(0, offset, end);
	out[offset] = operations.indexOf(message.operation);
	putUint16(out, offset + 1, ethernet);
	out[offset + 3] = message.hops;
	putUint32(out, offset + 4, message.transactionId);
	putUint16(out, offset + 8, message.seconds);
	out[offset + 10] = message.broadcast ? 0x80 : 0;
	message.clientAddress.copyTo(out, offset + 12);
	message.yourAddress.copyTo(out, offset + 16);
	message.serverAddress.copyTo(out, offset + 20);
	message.relayAddress.copyTo(out, offset + 24);
	message.clientHardware.copyTo(out, offset + 28);
	putText(message.serverName, out, offset + 44, 64);
	putText(message.bootFile, out, offset + 108, 128);
	putUint32(out, offset + 236, magicCookie);
	dhcpOptions.emit(message.options, out, offset + fixedLength);
	return end;
}

/** The magic cookie included. */
const fixedLength = 240;
/** Old relays and servers drop what is shorter than BOOTP. RFC 1542 §2.1 */
const shortest = 300;
/** Type 1 with addresses of 6 bytes. */
const ethernet = 0x0106;
const magicCookie = 0x6382_5363;
const operations = [undefined, 'request', 'reply'] as const;

function textOf(field: Uint8Array): string {
	const zero = field.indexOf(0);
	return decodeText(zero < 0 ? field : field.subarray(0, zero));
}

function putText(text: string, out: Uint8Array, at: number, room: number): void {
	const bytes = encodeText(text);
	if (bytes.length > room) throw badArgument(`DHCP has room for ${room} bytes of this name, not ${bytes.length}`);
	out.set(bytes, at);
}
