/** Why there is no way out of here, as one error that says what there is instead. */

import { PostSocketsError } from '../../base/errors.ts';
import type { Interface } from '../../stack/stack.ts';
import type { Local } from '../endpoint/local.ts';
import { type Candidate, isOfInterface } from '../policy/eligibility.ts';
import { type Dropped, noCandidates } from '../policy/selection.ts';
import type { SettledPolicy } from '../policy/settled.ts';

/** `no-candidates`. */
export function noPath(
	dropped: readonly Dropped<Candidate>[],
	locals: readonly Local[],
	{ action, selection }: SettledPolicy,
): PostSocketsError {
	const there = [...new Set(locals.map(({ stack }) => stack))].flatMap((stack) => stack.interfaces?.() ?? []);
	const lacks = (name: string) =>
		there.every((each) => isOfInterface({ interface: each.name, interfaceType: each.type }, name) === false);
	const required = Object.entries(selection.interface).flatMap(([name, wish]) => (wish === 'require' ? [name] : []));
	const missing = [...required, ...locals.flatMap((local) => local.interface ?? [])].find(lacks);
	if (missing !== undefined && there.length > 0) {
		const message = `no interface ${missing} is up here, and nothing else may be used; there are: ${list(there)}`;
		return new PostSocketsError('no-candidates', message, { operation: action });
	}
	if (dropped.length > 0) return noCandidates(dropped, action);
	const stacks = [...new Set(locals.map(({ stack }) => stack.name))].join(', ');
	const ability = action === 'listen' ? 'accept' : 'open';
	const message = `no stack here can ${ability} connections (${stacks}); name one that can as the local's stack`;
	return new PostSocketsError('no-candidates', message, { operation: action });
}

function list(interfaces: readonly Interface[]): string {
	return interfaces.map(({ name, type }) => (type === undefined ? name : `${name} (${type})`)).join(', ');
}
