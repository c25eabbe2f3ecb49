"""One call by the old Python core: a `CommonRequest`, RPC V1, everything in the query of a POST."""

import json
import sys

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import AccessKeyCredential, StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.http import protocol_type
from aliyunsdkcore.request import CommonRequest


def main():
    job = json.load(sys.stdin)
    host, port = job["endpoint"].rsplit(":", 1)
    key = (job["access_key_id"], job["access_key_secret"])
    token = job.get("security_token")
    # This core adds the client's region to every call as `RegionId`.
    parameters = dict(job["parameters"])
    client = AcsClient(
        region_id=parameters.pop("RegionId", "cn-hangzhou"),
        credential=StsTokenCredential(*key, token) if token else AccessKeyCredential(*key),
        port=int(port),
        verify=job.get("ca"),
        # No test is about time, and a machine that runs a test suite may be slow.
        connect_timeout=30,
        timeout=30,
    )
    request = CommonRequest(version="2017-08-01", action_name=job["operation"])
    request.set_endpoint(host)
    request.set_method("POST")
    request.set_accept_format("json")
    # Compared by identity: an equal string of one's own would leave the call on plain HTTP.
    request.set_protocol_type(protocol_type.HTTPS if job["scheme"] == "https" else protocol_type.HTTP)
    for name, value in parameters.items():
        request.add_query_param(name, value)
    try:
        answer = client.do_action_with_exception(request)
    except ServerException as error:
        return {
            "ok": False,
            "exception": type(error).__name__,
            "status": error.get_http_status(),
            "code": error.get_error_code(),
            "message": error.get_error_msg(),
            "request_id": error.get_request_id(),
            "access_denied_detail": getattr(error, "access_denied_detail", None),
        }
    except Exception as error:  # whatever else the SDK raises is what its caller would meet
        return {"ok": False, "exception": type(error).__name__, "message": str(error)}
    body = json.loads(answer)
    return {"ok": True, "request_id": body.get("RequestId"), "body": body}


print(json.dumps(main()))
