/** `post-sockets/address`: IP addresses and prefixes. */

export { IpAddress } from '../base/address.ts';
export { Prefix } from '../base/prefix.ts';
