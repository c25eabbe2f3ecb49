'use strict';

// One call by npm's PolarDB SDK: RPC V1, common parameters in the query, all others in a chunked form body.
// It takes its certificate authorities from NODE_EXTRA_CA_CERTS alone, which Node reads when it starts: a job's `ca`
// has to be there already.

const fs = require('fs');
const { default: Client, ...models } = require('@alicloud/polardb20170801');
const { Config } = require('@alicloud/rpc-client');
const { RuntimeOptions } = require('@alicloud/tea-util');

// Request classes have field names of their own; `names()` gives the wire name of each.
function requestOf(operation, parameters) {
  const Request = models[`${operation}Request`];
  if (!Request) {
    throw new Error(`this SDK has no request class for the operation \`${operation}\``);
  }
  const fields = new Map(Object.entries(Request.names()).map(([field, wire]) => [wire, field]));
  const values = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (!fields.has(name)) {
      throw new Error(`the request class for \`${operation}\` has no field for \`${name}\``);
    }
    values[fields.get(name)] = value;
  }
  return new Request(values);
}

async function main() {
  const job = JSON.parse(fs.readFileSync(0, 'utf8'));
  if (job.ca && process.env.NODE_EXTRA_CA_CERTS !== job.ca) {
    throw new Error(`start this program with NODE_EXTRA_CA_CERTS=${job.ca}`);
  }
  const client = new Client(new Config({
    accessKeyId: job.access_key_id,
    accessKeySecret: job.access_key_secret,
    securityToken: job.security_token ?? undefined,
    endpoint: job.endpoint,
    protocol: job.scheme,
  }));
  const request = requestOf(job.operation, job.parameters);
  const method = `${job.operation[0].toLowerCase()}${job.operation.slice(1)}WithOptions`;
  // The SDK waits 3 s by default. No test is about time, and a machine that runs a test suite may be slow.
  const runtime = new RuntimeOptions({ connectTimeout: 30000, readTimeout: 30000 });
  try {
    const body = await client[method](request, runtime);
    return { ok: true, request_id: body.requestId, body };
  } catch (error) {
    return {
      ok: false,
      exception: error.name,
      status: error.data?.statusCode,
      code: error.code,
      message: error.message,
      request_id: error.data?.RequestId,
      access_denied_detail: error.data?.AccessDeniedDetail,
    };
  }
}

main().then((line) => console.log(JSON.stringify(line)));
