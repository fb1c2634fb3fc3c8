/** Every property of RFC 9622 as one row of data: what it is, what it may be, what it is by default, what it does here. */

import {
	capacityProfiles,
	connectionStates,
	directions,
	multipathModes,
	multipathPolicies,
	type Preference,
	type PreferenceSet,
	schedulers,
} from './tokens.ts';

/** How the carrier comes to be; three defaults depend on it. */
export type Action = 'initiate' | 'listen' | 'rendezvous';

/** When it can be set (RFC 9622 §4): before establishment, at any time, for each message. */
export type PropertyClass = 'selection' | 'connection' | 'message';

/**
 * What this version makes of it. `enforced`: it holds or there is an error. `advisory`: it is looked at and promises
 * nothing. `none`: it is kept, can be read and does nothing (RFC 9622 §5 allows that).
 */
export type Effect = 'enforced' | 'advisory' | 'none';

/** A type at run time; `or` is the one value that is no number. */
export type ValueType =
	| { readonly kind: 'preference' }
	| { readonly kind: 'preferences'; readonly of: string }
	| { readonly kind: 'boolean' }
	| { readonly kind: 'integer'; readonly least: 0 | 1; readonly unit?: Unit; readonly or?: string }
	/** Any number above 0. */
	| { readonly kind: 'numeric'; readonly unit?: Unit; readonly or?: string }
	| { readonly kind: 'enumeration'; readonly tokens: readonly string[] };

export type Unit = 'ms' | 'bytes' | 'bit/s';

export type PropertyValue = boolean | number | string | PreferenceSet;

export type PropertyDefault =
	| { readonly value: PropertyValue }
	| { readonly by: Readonly<Record<Action, PropertyValue>> }
	/** Whatever that property comes to. */
	| { readonly from: string };

export interface PropertyRow {
	readonly class: PropertyClass;
	readonly type: ValueType;
	/** A property without a default can only be read. */
	readonly default?: PropertyDefault;
	/** Of RFC 9622. */
	readonly section: string;
	readonly effect: Effect;
	/** What `send` calls it. */
	readonly send?: string;
}

const preference = { kind: 'preference' } as const;
const boolean = { kind: 'boolean' } as const;
const rank = { kind: 'integer', least: 0 } as const;
const bytes = { kind: 'integer', least: 0, unit: 'bytes' } as const;
const coverage = { ...bytes, or: 'full-coverage' } as const;
const timeout = { kind: 'numeric', unit: 'ms', or: 'disabled' } as const;
const rate = { kind: 'numeric', unit: 'bit/s', or: 'unlimited' } as const;
const capacity = { kind: 'enumeration', tokens: capacityProfiles } as const;

const require = { value: 'require' } as const;
const prefer = { value: 'prefer' } as const;
const none = { value: 'none' } as const;
const nobody = { value: Object.freeze({}) } as const;
const no = { value: false } as const;
const yes = { value: true } as const;
const full = { value: 'full-coverage' } as const;
const disabled = { value: 'disabled' } as const;
const unlimited = { value: 'unlimited' } as const;
const hundred = { value: 100 } as const;

const temporary = { by: { initiate: 'prefer', listen: 'avoid', rendezvous: 'avoid' } } as const;
const paths = { by: { initiate: 'disabled', listen: 'passive', rendezvous: 'disabled' } } as const;

// biome-ignore format: one property, one line
export const propertyTable = {
	reliability:               { class: 'selection', type: preference, default: require, section: '6.2.1', effect: 'enforced' },
	preserveMsgBoundaries:     { class: 'selection', type: preference, default: none, section: '6.2.2', effect: 'enforced' },
	perMsgReliability:         { class: 'selection', type: preference, default: none, section: '6.2.3', effect: 'enforced' },
	preserveOrder:             { class: 'selection', type: preference, default: require, section: '6.2.4', effect: 'enforced' },
	zeroRttMsg:                { class: 'selection', type: preference, default: none, section: '6.2.5', effect: 'enforced' },
	multistreaming:            { class: 'selection', type: preference, default: prefer, section: '6.2.6', effect: 'enforced' },
	fullChecksumSend:          { class: 'selection', type: preference, default: require, section: '6.2.7', effect: 'enforced' },
	fullChecksumRecv:          { class: 'selection', type: preference, default: require, section: '6.2.8', effect: 'enforced' },
	congestionControl:         { class: 'selection', type: preference, default: require, section: '6.2.9', effect: 'enforced' },
	keepAlive:                 { class: 'selection', type: preference, default: none, section: '6.2.10', effect: 'enforced' },
	interface:                 { class: 'selection', type: { kind: 'preferences', of: 'interfaces' }, default: nobody, section: '6.2.11', effect: 'enforced' },
	pvd:                       { class: 'selection', type: { kind: 'preferences', of: 'provisioning domains' }, default: nobody, section: '6.2.12', effect: 'enforced' },
	useTemporaryLocalAddress:  { class: 'selection', type: preference, default: temporary, section: '6.2.13', effect: 'enforced' },
	multipath:                 { class: 'selection', type: { kind: 'enumeration', tokens: multipathModes }, default: paths, section: '6.2.14', effect: 'advisory' },
	advertisesAltaddr:         { class: 'selection', type: boolean, default: no, section: '6.2.15', effect: 'none' },
	direction:                 { class: 'selection', type: { kind: 'enumeration', tokens: directions }, default: { value: 'bidirectional' }, section: '6.2.16', effect: 'enforced' },
	softErrorNotify:           { class: 'selection', type: preference, default: none, section: '6.2.17', effect: 'enforced' },
	activeReadBeforeSend:      { class: 'selection', type: preference, default: none, section: '6.2.18', effect: 'enforced' },

	recvChecksumLen:           { class: 'connection', type: coverage, default: full, section: '8.1.1', effect: 'none' },
	connPriority:              { class: 'connection', type: rank, default: hundred, section: '8.1.2', effect: 'advisory' },
	connTimeout:               { class: 'connection', type: timeout, default: disabled, section: '8.1.3', effect: 'enforced' },
	keepAliveTimeout:          { class: 'connection', type: timeout, default: disabled, section: '8.1.4', effect: 'advisory' },
	connScheduler:             { class: 'connection', type: { kind: 'enumeration', tokens: schedulers }, default: { value: 'weighted-fair-queueing' }, section: '8.1.5', effect: 'advisory' },
	connCapacityProfile:       { class: 'connection', type: capacity, default: { value: 'default' }, section: '8.1.6', effect: 'advisory' },
	multipathPolicy:           { class: 'connection', type: { kind: 'enumeration', tokens: multipathPolicies }, default: { value: 'handover' }, section: '8.1.7', effect: 'none' },
	minSendRate:               { class: 'connection', type: rate, default: unlimited, section: '8.1.8', effect: 'none' },
	minRecvRate:               { class: 'connection', type: rate, default: unlimited, section: '8.1.8', effect: 'none' },
	maxSendRate:               { class: 'connection', type: rate, default: unlimited, section: '8.1.8', effect: 'none' },
	maxRecvRate:               { class: 'connection', type: rate, default: unlimited, section: '8.1.8', effect: 'none' },
	groupConnLimit:            { class: 'connection', type: { kind: 'numeric', or: 'unlimited' }, default: unlimited, section: '8.1.9', effect: 'none' },
	isolateSession:            { class: 'connection', type: boolean, default: no, section: '8.1.10', effect: 'enforced' },

	connState:                 { class: 'connection', type: { kind: 'enumeration', tokens: connectionStates }, section: '8.1.11.1', effect: 'enforced' },
	canSend:                   { class: 'connection', type: boolean, section: '8.1.11.2', effect: 'enforced' },
	canReceive:                { class: 'connection', type: boolean, section: '8.1.11.3', effect: 'enforced' },
	singularTransmissionMsgMaxLen: { class: 'connection', type: { ...bytes, or: 'not-applicable' }, section: '8.1.11.4', effect: 'enforced' },
	sendMsgMaxLen:             { class: 'connection', type: bytes, section: '8.1.11.5', effect: 'enforced' },
	recvMsgMaxLen:             { class: 'connection', type: bytes, section: '8.1.11.6', effect: 'enforced' },

	'tcp.userTimeoutValue':    { class: 'connection', type: { kind: 'integer', least: 1, unit: 'ms', or: 'tcp-default' }, default: { value: 'tcp-default' }, section: '8.2.1', effect: 'none' },
	'tcp.userTimeoutEnabled':  { class: 'connection', type: boolean, default: no, section: '8.2.2', effect: 'none' },
	'tcp.userTimeoutChangeable': { class: 'connection', type: boolean, default: yes, section: '8.2.3', effect: 'none' },

	msgLifetime:               { class: 'message', send: 'lifetime', type: { kind: 'numeric', unit: 'ms', or: 'infinite' }, default: { value: 'infinite' }, section: '9.1.3.1', effect: 'enforced' },
	msgPriority:               { class: 'message', send: 'priority', type: rank, default: hundred, section: '9.1.3.2', effect: 'enforced' },
	msgOrdered:                { class: 'message', send: 'ordered', type: boolean, default: { from: 'preserveOrder' }, section: '9.1.3.3', effect: 'enforced' },
	safelyReplayable:          { class: 'message', send: 'safelyReplayable', type: boolean, default: no, section: '9.1.3.4', effect: 'enforced' },
	final:                     { class: 'message', send: 'final', type: boolean, default: no, section: '9.1.3.5', effect: 'enforced' },
	msgChecksumLen:            { class: 'message', send: 'checksumLength', type: coverage, default: full, section: '9.1.3.6', effect: 'none' },
	msgReliable:               { class: 'message', send: 'reliable', type: boolean, default: { from: 'reliability' }, section: '9.1.3.7', effect: 'none' },
	msgCapacityProfile:        { class: 'message', send: 'capacityProfile', type: capacity, default: { from: 'connCapacityProfile' }, section: '9.1.3.8', effect: 'none' },
	noFragmentation:           { class: 'message', send: 'noFragmentation', type: boolean, default: no, section: '9.1.3.9', effect: 'none' },
	noSegmentation:            { class: 'message', send: 'noSegmentation', type: boolean, default: no, section: '9.1.3.10', effect: 'none' },
} as const satisfies Record<string, PropertyRow>;

/** The exact names, as RFC 9622 spells them. */
export type PropertyName = keyof typeof propertyTable;

/** The type of a property's values. */
export type ValueOf<Name extends PropertyName> = ValueOfType<(typeof propertyTable)[Name]['type']>;

type ValueOfType<T> = T extends { readonly kind: 'preference' }
	? Preference
	: T extends { readonly kind: 'preferences' }
		? PreferenceSet
		: T extends { readonly kind: 'boolean' }
			? boolean
			: T extends { readonly tokens: readonly (infer Token)[] }
				? Token
				: number | (T extends { readonly or: infer Or } ? Or : never);
