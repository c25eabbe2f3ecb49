'use strict';

// One call by the current Node core: ACS3-HMAC-SHA256, parameters in the query of a POST.

const fs = require('fs');
const { default: Client, $OpenApiUtil, ClientError, ServerError, ThrottlingError } = require('@alicloud/openapi-core');

async function main() {
  const job = JSON.parse(fs.readFileSync(0, 'utf8'));
  const client = new Client(new $OpenApiUtil.Config({
    accessKeyId: job.access_key_id,
    accessKeySecret: job.access_key_secret,
    securityToken: job.security_token ?? undefined,
    endpoint: job.endpoint,
    protocol: job.scheme,
    ca: job.ca ? fs.readFileSync(job.ca, 'utf8') : undefined,
    // The SDK waits 3 s by default. No test is about time, and a machine that runs a test suite may be slow.
    connectTimeout: 30000,
    readTimeout: 30000,
  }));
  const operation = new $OpenApiUtil.Params({
    action: job.operation,
    version: '2017-08-01',
    protocol: 'HTTPS',
    pathname: '/',
    method: 'POST',
    authType: 'AK',
    style: 'RPC',
    reqBodyType: 'formData',
    bodyType: 'json',
  });
  try {
    const answer = await client.callApi(operation, new $OpenApiUtil.OpenApiRequest({ query: job.parameters }), {});
    return { ok: true, status: answer.statusCode, request_id: answer.body.RequestId, body: answer.body };
  } catch (error) {
    const known = [ThrottlingError, ClientError, ServerError].find((kind) => error instanceof kind);
    if (!known) {
      return { ok: false, exception: error.name, message: error.message };
    }
    return {
      ok: false,
      exception: known.name,
      status: error.statusCode,
      code: error.code,
      message: error.message,
      request_id: error.requestId,
      access_denied_detail: error.accessDeniedDetail,
    };
  }
}

main().then((line) => console.log(JSON.stringify(line)));
