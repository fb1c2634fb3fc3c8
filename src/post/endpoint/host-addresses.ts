/** What a name of a host means on a stack: all its addresses, of both families. */

import type { IpAddress } from '../../base/address.ts';
import { PostSocketsError } from '../../base/errors.ts';
import type { RecordType } from '../../stack/resolver.ts';
import type { Stack } from '../../stack/stack.ts';

const types: readonly RecordType[] = ['AAAA', 'A'];

/**
 * Those now known, IPv6 first; may be none. Rejects with `dns-timeout` or `dns-failed` if DNS gave no answer at all, with
 * `not-supported` where the stack resolves no names.
 */
export async function hostAddresses(name: string, stack: Stack, signal: AbortSignal): Promise<IpAddress[]> {
	const { resolver } = stack;
	if (!resolver) throw new PostSocketsError('not-supported', `the stack ${stack.name} resolves no names`);
	const answers = await Promise.all(types.map((type) => resolver.resolve(name, type, signal)));
	const found = answers.flatMap(({ records }) => records.map(({ address }) => address));
	const silent = answers.find(({ status }) => status === 'timed-out' || status === 'failed');
	if (found.length > 0 || !silent) return found;
	const code = silent.status === 'failed' ? 'dns-failed' : 'dns-timeout';
	throw new PostSocketsError(code, `${silent.source} gave no answer for "${name}"`, { operation: 'resolve' });
}
