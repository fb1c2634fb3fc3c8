/** Values that fields of packets have. */

import fc from 'fast-check';
import { IpAddress } from '../base/address.ts';
import { MacAddress } from '../base/mac-address.ts';
import { Prefix } from '../base/prefix.ts';

export const bit = fc.boolean();
export const byte = fc.nat(0xff);
export const word = fc.nat(0xffff);
export const doubleWord = fc.nat(0xffff_ffff);

export const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
export const some = fc.uint8Array({ maxLength: 40 });
/** Of a length that is a multiple of `unit` from `from` on. */
export const multiple = (unit: number, from: number, most: number) =>
	fc.nat(most).chain((count) => octets(from + unit * count));

export const mac = octets(6).map((bytes) => MacAddress.from(bytes));
export const ip4 = octets(4).map((bytes) => IpAddress.from(bytes));
export const ip6 = octets(16).map((bytes) => IpAddress.from(bytes));
export const unicast6 = ip6.filter((address) => !address.isMulticast);

export const network = (address: fc.Arbitrary<IpAddress>, lengths: fc.Arbitrary<number>) =>
	fc.tuple(address, lengths).map(([it, length]) => Prefix.of(Prefix.of(it, length).network, length));
