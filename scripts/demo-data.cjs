/**
 * Fills /data with what a small shop might have, always the same but for the times: runs in a container, on the
 * volume that the demo backs up. About 1,200 files and 40 MB, with the things that backups tend to lose.
 */
const { createHash } = require('node:crypto');
const {
	chmodSync,
	chownSync,
	linkSync,
	mkdirSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} = require('node:fs');

const root = '/data';
const products = ['lamp', 'chair', 'kettle', 'clock', 'teapot', 'mirror', 'rug', 'vase'];
const pick = (list, n) => list[n % list.length];

/** Incompressible, the same for the same name. */
function noise(name, length) {
	const blocks = [];
	for (let i = 0; i * 32 < length; i++) blocks.push(createHash('sha256').update(`${name} ${i}`).digest());
	return Buffer.concat(blocks).subarray(0, length);
}

writeFileSync(
	`${root}/README.txt`,
	'The data of a small shop that does not exist: made by the demo of n8n-nodes-docker-backup.\n',
);
const catalogue = Array.from(
	{ length: 20_000 },
	(_, n) => `${n},${pick(products, n)} no. ${n},${(n * 37) % 900}.90\n`,
);
writeFileSync(`${root}/catalogue.csv`, `number,name,price\n${catalogue.join('')}`);
for (let n = 1; n <= 1000; n++) {
	const folder = `${root}/orders/2026-${String((n % 12) + 1).padStart(2, '0')}`;
	mkdirSync(folder, { recursive: true });
	const order = {
		number: n,
		customer: `Customer ${n % 97}`,
		items: [{ product: pick(products, n), count: (n % 5) + 1 }],
	};
	writeFileSync(`${folder}/order-${String(n).padStart(4, '0')}.json`, `${JSON.stringify(order, null, 2)}\n`);
}
mkdirSync(`${root}/uploads/thumbnails`, { recursive: true });
for (let n = 1; n <= 24; n++) {
	writeFileSync(`${root}/uploads/photo-${n}.jpg`, noise(`photo ${n}`, 1_500_000));
	for (let size = 0; size < 8; size++)
		writeFileSync(`${root}/uploads/thumbnails/photo-${n}-${size}.jpg`, noise(`thumb ${n} ${size}`, 9000));
}
linkSync(`${root}/uploads/photo-1.jpg`, `${root}/uploads/front page.jpg`);
symlinkSync('photo-2.jpg', `${root}/uploads/newest.jpg`);
mkdirSync(`${root}/secrets`, { mode: 0o700 });
writeFileSync(`${root}/secrets/api-token`, 'not a real one\n', { mode: 0o400 });
writeFileSync(`${root}/sparse.img`, 'start');
truncateSync(`${root}/sparse.img`, 64 << 20);
for (const path of ['uploads', 'uploads/photo-3.jpg', 'secrets', 'secrets/api-token'])
	chownSync(`${root}/${path}`, 999, 999);
chmodSync(`${root}/uploads`, 0o2775);
