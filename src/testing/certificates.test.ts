import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { testPki } from './certificates.ts';

/** What a client of `name` that trusts only our authority makes of a certificate. */
async function handshake(names: string[], servername: string, expired = false): Promise<string | undefined> {
	const { ca, issue } = testPki();
	const server = createServer({ ...issue({ names, expired }), requestCert: true, ca, rejectUnauthorized: false });
	server.on('tlsClientError', () => {});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const accepted = once(server, 'secureConnection');
	const { port } = server.address() as AddressInfo;
	const client = connect({ port, host: '127.0.0.1', servername, ca, ...issue({ names: ['client.test'] }) });
	try {
		await once(client, 'secureConnect');
		const [peer] = (await accepted) as [TLSSocket];
		assert.equal(peer.authorized, true);
		assert.equal(peer.getPeerX509Certificate()?.subjectAltName, 'DNS:client.test');
		return undefined;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code;
	} finally {
		client.destroy();
		server.close();
	}
}

test('both ends of a TLS connection accept what was issued', async () => {
	assert.equal(await handshake(['a.test', 'api.test', '127.0.0.1'], 'api.test'), undefined);
	assert.equal(await handshake(['*.wild.test'], 'x.wild.test'), undefined);
});

test('a wrong name and an expired certificate are refused', async () => {
	assert.equal(await handshake(['a.test'], 'b.test'), 'ERR_TLS_CERT_ALTNAME_INVALID');
	assert.equal(await handshake(['a.test'], 'a.test', true), 'CERT_HAS_EXPIRED');
});

test('a certificate says what it was asked to', () => {
	const { ca, issue } = testPki();
	const authority = new X509Certificate(ca);
	const { cert, key } = issue({ names: ['a.test', '192.0.2.1', '2001:db8::1'], days: 10 });
	const leaf = new X509Certificate(cert);
	assert.ok(authority.ca && !leaf.ca);
	assert.ok(leaf.checkIssued(authority) && leaf.verify(authority.publicKey));
	assert.equal(leaf.subjectAltName, 'DNS:a.test, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1');
	assert.equal(leaf.subject, 'CN=a.test');
	const left = leaf.validToDate.getTime() - Date.now();
	assert.ok(left > 9.9 * 86_400_000 && left < 10.1 * 86_400_000);
	assert.match(key, /BEGIN PRIVATE KEY/);
	assert.equal(testPki(), testPki());
	const [first, second] = [issue({ names: ['a.test'] }), issue({ names: ['a.test'] })];
	assert.notEqual(new X509Certificate(first.cert).serialNumber, new X509Certificate(second.cert).serialNumber);
});
