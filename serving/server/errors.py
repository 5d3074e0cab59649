"""What a request is refused with: a status of gRPC, and what REST makes of it."""

from __future__ import annotations

from grpc import StatusCode

_HTTP = {
    StatusCode.OK: 200,
    StatusCode.CANCELLED: 499,
    StatusCode.INVALID_ARGUMENT: 400,
    StatusCode.FAILED_PRECONDITION: 400,
    StatusCode.OUT_OF_RANGE: 400,
    StatusCode.DEADLINE_EXCEEDED: 504,
    StatusCode.NOT_FOUND: 404,
    StatusCode.ALREADY_EXISTS: 409,
    StatusCode.ABORTED: 409,
    StatusCode.PERMISSION_DENIED: 403,
    StatusCode.UNAUTHENTICATED: 401,
    StatusCode.RESOURCE_EXHAUSTED: 429,
    StatusCode.UNIMPLEMENTED: 501,
    StatusCode.UNAVAILABLE: 503,
}


class ServingError(Exception):
    """A request that is refused; the message is what its sender reads."""

    def __init__(self, code: StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> ServingError:
    """The request itself is wrong."""
    return ServingError(StatusCode.INVALID_ARGUMENT, message)


def not_found(message: str) -> ServingError:
    """It names a model or version that is not served."""
    return ServingError(StatusCode.NOT_FOUND, message)


def precondition(message: str) -> ServingError:
    """It asks for what this model, or its state, does not allow."""
    return ServingError(StatusCode.FAILED_PRECONDITION, message)


def status_of(code: int) -> StatusCode:
    """The status of gRPC with this number, which TensorFlow's errors carry too."""
    return next((status for status in StatusCode if status.value[0] == code), StatusCode.UNKNOWN)


def http_status(code: StatusCode) -> int:
    """The status of HTTP by which TF Serving's REST answers (http_rest_api_util.cc)."""
    return _HTTP.get(code, 500)
