"""`audit --loader script.py:make_dataset`: what a user's Dataset yields, examined in the worker."""

from unetdoctor.cli.audit_request import AuditRequest


def run(request: AuditRequest) -> int:
    """Examine the loader, deliver and return the exit code."""
    raise NotImplementedError
