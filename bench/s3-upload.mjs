// The peer of a backup to S3: uploads one file with the AWS SDK's own multipart uploader, read from disk as it goes.
// Usage: node s3-upload.cjs ENDPOINT BUCKET KEY FILE PARTS_AT_ONCE PART_MIB; the keys come from the AWS variables.
// Prints what it took as JSON.
import { createReadStream, statSync } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';

async function main() {
	const [endpoint, Bucket, Key, file, queueSize, partMiB] = process.argv.slice(2);
	const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
	const partSize = Number(partMiB) * 2 ** 20;
	const started = performance.now();
	const Body = createReadStream(file, { highWaterMark: 2 ** 20 });
	await new Upload({ client, params: { Bucket, Key, Body }, queueSize: Number(queueSize), partSize }).done();
	const seconds = (performance.now() - started) / 1000;
	client.destroy();
	console.log(JSON.stringify({ seconds, bytes: statSync(file).size }));
}

// A failure ends the process with its stack.
void main();
