/** For tests: docs/policy.md as the table of properties has it. As a program it prints the page. */

import { type Property, properties } from './property-name.ts';
import { noteOf } from './property-notes.ts';

const head = `# Policy

What an application wants, as one plain object: \`initiate(remote, { policy: { reliability: 'require', … } })\`. Names and
defaults are those of RFC 9622; names are read in any case and spelling (\`connTimeout\`, \`CONN_TIMEOUT\`, \`conn-timeout\`).

Preferences are \`require\`, \`prefer\`, \`none\`, \`avoid\` and \`prohibit\`. Where a required property cannot be had, or a
prohibited one cannot be avoided, there is \`no-candidates\` before anything is asked or opened. Times are milliseconds,
sizes bytes, rates bits per second.

The effect of a property is one of three: **enforced**, it holds or there is an error; **advisory**, it is looked at and
promises nothing; **none**, it is kept and can be read. \`carrier.capabilities()\` says the same of one carrier.

This page is made from \`src/post/policy/properties.ts\`, and a test compares them.
`;

const classes: readonly (readonly [of: Property['class'], title: string, about: string])[] = [
	['selection', 'Selection', 'Decide on paths and transports; fixed once a carrier is initiated (RFC 9622 §6.2).'],
	[
		'connection',
		'Connection',
		'May be changed while the carrier lives (RFC 9622 §8). Without a default: can only be read.',
	],
	[
		'message',
		'Message',
		'In a policy the default of each message; in brackets what `send` calls it (RFC 9622 §9.1.3).',
	],
];

export function policyPage(): string {
	const sections = classes.map(([of, title, about]) => {
		const rows = properties.filter((property) => property.class === of).map(row);
		const table = ['| property | default | effect | what it does here | RFC 9622 |', '|---|---|---|---|---|', ...rows];
		return `## ${title}\n\n${about}\n\n${table.join('\n')}\n`;
	});
	return [head, ...sections].join('\n');
}

function row(property: Property): string {
	const { name, send, effect, section } = property;
	const short = send === undefined || send === name ? '' : ` (\`${send}\`)`;
	return `| \`${name}\`${short} | ${defaultOf(property)} | ${effect} | ${noteOf(property)} | §${section} |`;
}

function defaultOf({ default: unsaid }: Property): string {
	if (unsaid === undefined) return '';
	if ('from' in unsaid) return `that of \`${unsaid.from}\``;
	if ('by' in unsaid) {
		return Object.entries(unsaid.by)
			.map(([action, value]) => `${action}: \`${value}\``)
			.join(', ');
	}
	return typeof unsaid.value === 'object' ? 'none named' : `\`${unsaid.value}\``;
}

if (import.meta.main) process.stdout.write(policyPage());
