"""One call by the current Python SDK: generated client, ACS3-HMAC-SHA256, parameters in the query of a POST."""

import json
import sys

from alibabacloud_polardb20170801 import models
from alibabacloud_polardb20170801.client import Client
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.utils_models import Config


def method_of(operation):
    """The generated method of an operation: `CloseDBClusterMigration` is `close_dbcluster_migration`."""
    for name in dir(Client):
        if name.replace("_", "") == operation.lower():
            return name
    raise SystemExit(f"this SDK has no method for the operation `{operation}`")


def main():
    job = json.load(sys.stdin)
    client = Client(
        Config(
            access_key_id=job["access_key_id"],
            access_key_secret=job["access_key_secret"],
            security_token=job.get("security_token"),
            endpoint=job["endpoint"],
            protocol=job["scheme"].upper(),
            ca=job.get("ca"),
            # No test is about time, and a machine that runs a test suite may be slow.
            connect_timeout=30000,
            read_timeout=30000,
        )
    )
    request = getattr(models, job["operation"] + "Request")().from_map(job["parameters"])
    try:
        response = getattr(client, method_of(job["operation"]))(request)
    except AlibabaCloudException as error:
        return {
            "ok": False,
            "exception": type(error).__name__,
            "status": error.status_code,
            "code": error.code,
            "message": error.message,
            "request_id": error.request_id,
            "access_denied_detail": getattr(error, "access_denied_detail", None),
        }
    except Exception as error:  # whatever else the SDK raises is what its caller would meet
        return {"ok": False, "exception": type(error).__name__, "message": str(error)}
    body = response.body.to_map()
    return {"ok": True, "status": response.status_code, "request_id": body.get("RequestId"), "body": body}


print(json.dumps(main()))
