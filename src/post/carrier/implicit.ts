/** Associations nobody made: carriers of one remote, local, security and policy share one (P-51). */

import type { Stack } from '../../stack/stack.ts';
import { Attachment } from '../association/attachment.ts';
import { Memory } from '../association/memory.ts';
import { memoryStore } from '../association/memory-store.ts';
import { securityHash } from '../association/tickets.ts';
import { Local, type LocalLike } from '../endpoint/local.ts';
import { Remote } from '../endpoint/remote.ts';
import { settle } from '../policy/cascade.ts';
import { withIdentity } from '../policy/security.ts';
import { Association, type AssociationOptions } from './association.ts';
import { AttachedMemory, Place } from './attached-memory.ts';

/** Kept for a stack; the one that was asked for the longest ago goes first. What it has learnt outlives it. */
const mostAssociations = 256;

interface Known {
	readonly memory: AttachedMemory;
	readonly associations: Map<string, Association>;
}

const known = new WeakMap<Stack, Known>();

/** The association of these options; memory is shared by all of one stack. Throws as its constructor does. */
export function implicitAssociation(options: Omit<AssociationOptions, 'store' | 'partition'>): Association {
	const remote = Remote.from(options.remote);
	const local = [options.local ?? {}].flat().map((like) => Local.from(like as LocalLike));
	const security = withIdentity(
		{ ...options.security },
		local.map(({ identity }) => identity),
	);
	const policy = settle('initiate', options.policy).asked;
	const stack = local[0]?.stack;
	if (!stack) return new Association({ ...options, remote, local, policy, security });
	const { memory, associations } = knownOf(stack);
	const key = JSON.stringify([
		remote.all.map(({ scheme, hostName, addresses, port, path }) => [
			scheme,
			hostName,
			addresses.map(String),
			port,
			path,
		]),
		local.map(({ stack, address, port, interface: via, pvds }) => [
			identityOf(stack),
			address && String(address),
			port,
			via,
			pvds,
		]),
		[securityHash(security), security.alpn],
		Object.entries(policy).sort(([one], [other]) => (one < other ? -1 : 1)),
	]);
	const association = associations.get(key) ?? new Association({ remote, local, policy, security }, memory);
	associations.delete(key);
	associations.set(key, association);
	if (associations.size > mostAssociations) associations.delete(associations.keys().next().value!);
	return association;
}

function knownOf(stack: Stack): Known {
	const found = known.get(stack);
	if (found) return found;
	const now = () => new Date(stack.clock.now());
	const store = memoryStore({ now });
	const memory = new AttachedMemory(new Memory({ store, now }), new Place(new Attachment(store), stack));
	const made = { memory, associations: new Map() };
	known.set(stack, made);
	return made;
}

const identities = new WeakMap<Stack, number>();
let stacks = 0;

function identityOf(stack: Stack): number {
	const identity = identities.get(stack) ?? (stacks += 1);
	identities.set(stack, identity);
	return identity;
}
