/**
 * What an application wants, as one plain object: the selection, connection and message properties of RFC 9622 by their
 * names. `properties.ts` has the same as data, and says which have an effect yet.
 *
 * ```ts
 * const policy: Policy = {
 * 	reliability: 'require',
 * 	interface: { 'wi-fi': 'prefer', cellular: 'prohibit' },
 * 	connTimeout: 20_000,
 * 	msgLifetime: 500,
 * }
 * ```
 *
 * Times are milliseconds, sizes bytes, rates bits per second. `undefined` is the same as saying nothing.
 */

import type {
	CapacityProfile,
	ConnectionState,
	Direction,
	MultipathMode,
	MultipathPolicy,
	Preference,
	PreferenceSet,
	Scheduler,
} from './tokens.ts';

/** A policy for one carrier, one listener or a whole association; message properties in it are defaults. */
export interface Policy extends SelectionProperties, ConnectionProperties, MessageProperties {}

/** What decides on paths and transports (RFC 9622 §6.2); fixed once a carrier is initiated. */
export interface SelectionProperties {
	/** All data arrives, once, or the carrier ends with an error. Default `require`. RFC 9622 §6.2.1. */
	readonly reliability?: Preference | undefined;
	/** Messages keep their boundaries; a framing that has them will do. Default `none`. RFC 9622 §6.2.2. */
	readonly preserveMsgBoundaries?: Preference | undefined;
	/** Each message may choose whether it is reliable. Default `none`. RFC 9622 §6.2.3. */
	readonly perMsgReliability?: Preference | undefined;
	/** Data arrives in the order in which it was sent. Default `require`. RFC 9622 §6.2.4. */
	readonly preserveOrder?: Preference | undefined;
	/** A safely replayable message may travel before or with the handshake. Default `none`. RFC 9622 §6.2.5. */
	readonly zeroRttMsg?: Preference | undefined;
	/** The carriers of a group are streams of one connection. Default `prefer`. RFC 9622 §6.2.6. */
	readonly multistreaming?: Preference | undefined;
	/** A checksum covers all that is sent. Default `require`. RFC 9622 §6.2.7. */
	readonly fullChecksumSend?: Preference | undefined;
	/** A checksum covers all that is received. Default `require`. RFC 9622 §6.2.8. */
	readonly fullChecksumRecv?: Preference | undefined;
	/** The transport adapts to the network; without it the application must. Default `require`. RFC 9622 §6.2.9. */
	readonly congestionControl?: Preference | undefined;
	/** Keep-alive packets are sent while nothing else is. Default `none`. RFC 9622 §6.2.10. */
	readonly keepAlive?: Preference | undefined;
	/** Interfaces by name (`wlan0`) or type (`wi-fi`, `cellular`, `wired`). Default none named. RFC 9622 §6.2.11. */
	readonly interface?: PreferenceSet | undefined;
	/** Provisioning domains by name, number or type. Default none named. RFC 9622 §6.2.12. */
	readonly pvd?: PreferenceSet | undefined;
	/**
	 * The local address is a temporary one (RFC 8981), which IPv4 does not have. Default `prefer` for `initiate`,
	 * `avoid` for `listen` and `rendezvous`. RFC 9622 §6.2.13.
	 */
	readonly useTemporaryLocalAddress?: Preference | undefined;
	/** Several paths are used at once. Default `disabled`, for `listen` `passive`. RFC 9622 §6.2.14. */
	readonly multipath?: MultipathMode | undefined;
	/** Other addresses of this host are told to the peer. Default false. RFC 9622 §6.2.15. */
	readonly advertisesAltaddr?: boolean | undefined;
	/** What the carrier is for. Default `bidirectional`. RFC 9622 §6.2.16. */
	readonly direction?: Direction | undefined;
	/** ICMP errors that end nothing are told. Default `none`. RFC 9622 §6.2.17. */
	readonly softErrorNotify?: Preference | undefined;
	/** Who connects reads first, or who listens writes first; `rendezvous` ignores it. Default `none`. RFC 9622 §6.2.18. */
	readonly activeReadBeforeSend?: Preference | undefined;
}

/** How a carrier behaves (RFC 9622 §8); may be changed while it lives. */
export interface ConnectionProperties {
	/** Bytes of a received message that a checksum must cover. Default `full-coverage`. RFC 9622 §8.1.1. */
	readonly recvChecksumLen?: number | 'full-coverage' | undefined;
	/** Rank within a group, lower goes first. Default 100. RFC 9622 §8.1.2. */
	readonly connPriority?: number | undefined;
	/**
	 * Milliseconds that reliable data may remain undelivered before the carrier has failed; not the time-out of
	 * establishment. Default `disabled`. RFC 9622 §8.1.3.
	 */
	readonly connTimeout?: number | 'disabled' | undefined;
	/** Milliseconds of silence before a keep-alive packet; more than `connTimeout` is none. Default `disabled`. RFC 9622 §8.1.4. */
	readonly keepAliveTimeout?: number | 'disabled' | undefined;
	/** How a group shares its capacity. Default `weighted-fair-queueing`. RFC 9622 §8.1.5. */
	readonly connScheduler?: Scheduler | undefined;
	/** What the traffic needs of the network. Default `default`, best effort. RFC 9622 §8.1.6. */
	readonly connCapacityProfile?: CapacityProfile | undefined;
	/** What several paths are used for. Default `handover`. RFC 9622 §8.1.7. */
	readonly multipathPolicy?: MultipathPolicy | undefined;
	/** Bits per second below which sending is no use; `unlimited` is no bound. Default `unlimited`. RFC 9622 §8.1.8. */
	readonly minSendRate?: number | 'unlimited' | undefined;
	/** Bits per second below which receiving is no use; `unlimited` is no bound. Default `unlimited`. RFC 9622 §8.1.8. */
	readonly minRecvRate?: number | 'unlimited' | undefined;
	/** Most bits sent in any second. Default `unlimited`. RFC 9622 §8.1.8. */
	readonly maxSendRate?: number | 'unlimited' | undefined;
	/** Most bits received in any second. Default `unlimited`. RFC 9622 §8.1.8. */
	readonly maxRecvRate?: number | 'unlimited' | undefined;
	/** Carriers that a peer may open in the group. Default `unlimited`. RFC 9622 §8.1.9. */
	readonly groupConnLimit?: number | 'unlimited' | undefined;
	/** Nothing remembered is shared with carriers outside of the group. Default false. RFC 9622 §8.1.10. */
	readonly isolateSession?: boolean | undefined;
	/** Milliseconds advertised to a TCP peer as its user timeout. Default `tcp-default`. RFC 9622 §8.2.1. */
	readonly 'tcp.userTimeoutValue'?: number | 'tcp-default' | undefined;
	/** TCP's user timeout option is used. Default false. RFC 9622 §8.2.2. */
	readonly 'tcp.userTimeoutEnabled'?: boolean | undefined;
	/** A TCP peer's user timeout may change ours; false once `connTimeout` is used. Default true. RFC 9622 §8.2.3. */
	readonly 'tcp.userTimeoutChangeable'?: boolean | undefined;
}

/** What can be read of a carrier and not set (RFC 9622 §8.1.11). */
export interface ReadOnlyProperties {
	/** Where in its life the carrier is. RFC 9622 §8.1.11.1. */
	readonly connState: ConnectionState;
	/** Messages can be sent. RFC 9622 §8.1.11.2. */
	readonly canSend: boolean;
	/** Messages can be received. RFC 9622 §8.1.11.3. */
	readonly canReceive: boolean;
	/** Bytes of the largest message that travels in one packet. RFC 9622 §8.1.11.4. */
	readonly singularTransmissionMsgMaxLen: number | 'not-applicable';
	/** Bytes of the largest message that can be sent, 0 if none can. RFC 9622 §8.1.11.5. */
	readonly sendMsgMaxLen: number;
	/** Bytes of the largest message that can be received, 0 if none can. RFC 9622 §8.1.11.6. */
	readonly recvMsgMaxLen: number;
}

/** How messages are sent (RFC 9622 §9.1.3): in a policy the default of each message. */
export interface MessageProperties {
	/** Milliseconds for which the message is worth sending. Default `infinite`. RFC 9622 §9.1.3.1. */
	readonly msgLifetime?: number | 'infinite' | undefined;
	/** Rank within its carrier, lower goes first. Default 100. RFC 9622 §9.1.3.2. */
	readonly msgPriority?: number | undefined;
	/** Delivered in the order of sending. Default: whether the transport keeps order. RFC 9622 §9.1.3.3. */
	readonly msgOrdered?: boolean | undefined;
	/** May arrive more than once, at any later time. Default false; UDP wants it. RFC 9622 §9.1.3.4. */
	readonly safelyReplayable?: boolean | undefined;
	/** The last message: the carrier is half-closed after it. Default false. RFC 9622 §9.1.3.5. */
	readonly final?: boolean | undefined;
	/** Bytes from the first that a checksum must cover. Default `full-coverage`. RFC 9622 §9.1.3.6. */
	readonly msgChecksumLen?: number | 'full-coverage' | undefined;
	/** Sent again until it arrives. Default: whether the transport is reliable. RFC 9622 §9.1.3.7. */
	readonly msgReliable?: boolean | undefined;
	/** What this message needs of the network. Default: `connCapacityProfile`. RFC 9622 §9.1.3.8. */
	readonly msgCapacityProfile?: CapacityProfile | undefined;
	/** Never in fragments of the network layer. Default false. RFC 9622 §9.1.3.9. */
	readonly noFragmentation?: boolean | undefined;
	/** In one packet or not at all. Default false. RFC 9622 §9.1.3.10. */
	readonly noSegmentation?: boolean | undefined;
}

/** The message properties as `send` spells them, where nothing else is around to take the short name. */
export interface SendNames {
	readonly lifetime: 'msgLifetime';
	readonly priority: 'msgPriority';
	readonly ordered: 'msgOrdered';
	readonly safelyReplayable: 'safelyReplayable';
	readonly final: 'final';
	readonly checksumLength: 'msgChecksumLen';
	readonly reliable: 'msgReliable';
	readonly capacityProfile: 'msgCapacityProfile';
	readonly noFragmentation: 'noFragmentation';
	readonly noSegmentation: 'noSegmentation';
}

/** What RFC 9622 lets one message say of itself, in the short names of `send`. */
export type MessageOverrides = { readonly [Name in keyof SendNames]?: MessageProperties[SendNames[Name]] };
