/** The ports of well-known services by their IANA names (RFC 6335), for endpoints written with a name for the port. */

const ports: Readonly<Record<string, number>> = {
	ftp: 21,
	ssh: 22,
	telnet: 23,
	smtp: 25,
	domain: 53,
	http: 80,
	pop3: 110,
	ntp: 123,
	imap: 143,
	ldap: 389,
	https: 443,
	submissions: 465,
	submission: 587,
	ldaps: 636,
	'domain-s': 853,
	imaps: 993,
	pop3s: 995,
	mqtt: 1883,
	mysql: 3306,
	postgresql: 5432,
	amqp: 5672,
	redis: 6379,
	'secure-mqtt': 8883,
};

export function servicePort(service: string): number | undefined {
	return Object.hasOwn(ports, service.toLowerCase()) ? ports[service.toLowerCase()] : undefined;
}
