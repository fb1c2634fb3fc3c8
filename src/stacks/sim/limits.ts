/** What a simulated network holds at most. */

/** Rules in force at once. */
export const mostRules = 1024;

/** Frames that wait at one interface while its host is paused, or in one hold: more are dropped. */
export const mostHeld = 65_536;

/** Mappings of one NAT; the one not used for longest goes. */
export const mostMappings = 16_384;

/** Addresses and ports that one mapping was used to write to; with one more all others are forgotten. */
export const mostPeers = 4096;

/** Routers and switches between two hosts of a stream. */
export const mostHops = 64;

/** Bytes each way of a stream that the reader has not taken. */
export const streamWindow = 65_536;

/** Connections that a name server answers at once. */
export const mostNameQueries = 1024;

/** Addresses that one DHCP server gives out. */
export const mostLeases = 65_536;
