"""A stand-in for Azure that answers by the beginning of the question, and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.delivery.azure_cli import AzureRefused


class FakeAz:
    """Answers are values, exceptions to raise, or functions of the arguments."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, *arguments: str) -> Any:
        question = " ".join(arguments)
        self.asked.append(question)
        for beginning, answer in self.answers.items():
            if question.startswith(beginning):
                return _given(answer, arguments)
        raise AssertionError(f"nobody said what to answer to: az {question}")


def _given(answer: Any, arguments: tuple[str, ...]) -> Any:
    if isinstance(answer, AzureRefused):
        raise answer
    return answer(arguments) if isinstance(answer, Callable) else answer


def after(refusals: int, answer: Any) -> Callable[[tuple[str, ...]], Any]:
    """Refuses a few times, then answers."""
    left = refusals

    def once_more(_: tuple[str, ...]) -> Any:
        nonlocal left
        if left > 0:
            left -= 1
            raise AzureRefused("Webhook validation handshake failed")
        return answer

    return once_more
