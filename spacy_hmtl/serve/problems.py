"""Answers that say what went wrong: `{"error": kind, "message": sentence}`, never with a part of the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse

from ..errors import Errors

# What each kind of error is, for the API's documentation.
KINDS = {
    400: "The body is not JSON.",
    404: "There is no such model.",
    408: "The body did not arrive in time.",
    413: "The body is too large, or the batch too long.",
    415: "The body is not declared as JSON.",
    422: "The JSON is not what is expected.",
    500: "The pipeline failed on a text.",
    503: "Too many requests are waiting; try again after the seconds in Retry-After.",
    504: "The annotation took too long.",
}


class ApiError(Exception):
    """An error with a status of HTTP. kind: one word for programs; message: a sentence for people."""

    def __init__(self, status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.kind, self.message, self.headers = status, kind, message, dict(headers or {})

    def response(self) -> JSONResponse:
        return JSONResponse({"error": self.kind, "message": self.message}, self.status, self.headers)


def from_validation(errors: Sequence[Mapping[str, Any]], content_type: str) -> ApiError:
    """What FastAPI found wrong with a body, without the input that it repeats.

    errors (Sequence): As in `RequestValidationError.errors()`.
    """
    first = errors[0]
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", "")
        return ApiError(400, "not_json", Errors.H523.format(reason=f"{reason}, at character {first['loc'][-1]}"))
    if "json" not in content_type.lower():
        return ApiError(415, "not_json", Errors.H524.format(found=repr(content_type) if content_type else "none"))
    places = ("/".join(str(part) for part in error["loc"][1:]) or "body" for error in errors[:3])
    reasons = "; ".join(f"{place}: {error['msg']}" for place, error in zip(places, errors))
    return ApiError(422, "not_valid", Errors.H525.format(reason=reasons))
