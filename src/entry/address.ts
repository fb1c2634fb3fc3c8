/** `post-sockets/address`: IP addresses and prefixes, tables of them, their special purposes, and MAC addresses. */

export { IpAddress } from '../base/address.ts';
export { classify, type SpecialPurpose } from '../base/classify.ts';
export { MacAddress } from '../base/mac-address.ts';
export { Prefix } from '../base/prefix.ts';
export { type PrefixEntry, PrefixTable } from '../base/prefix-table.ts';
