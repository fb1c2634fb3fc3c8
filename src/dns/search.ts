import { isWithin, splitName } from '../wire/dns/name.ts';

/**
 * The names to ask for in turn, while they are not found (resolv.conf(5)): one with a final dot is what it says; one with
 * at least `ndots` dots is tried as it is, then with each domain of `search`; any other the other way round. A `name`
 * is canonical, and `absolute` if it had that dot. What is too long with a domain is left out by who asks.
 */
export function searchNames(name: string, absolute: boolean, search: readonly string[], ndots: number): string[] {
	const labels = splitName(name);
	if (absolute || labels.length === 0 || isWithin(name, 'localhost')) return [name];
	const below = search.map((domain) => (domain === '.' ? name : `${name}.${domain}`));
	const names = labels.length > ndots ? [name, ...below] : [...below, name];
	return [...new Set(names)];
}
