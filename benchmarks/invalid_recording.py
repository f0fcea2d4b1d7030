"""A recording that breaks off on purpose, as one may on a card that nobody here has seen."""

from collections.abc import Callable

from explorer.training.capture import Graph, Recorder
from explorer.training.learner import Step


class Invalidating:
    """A device's recorder, given a step in which the host asks for a number: CUDA calls such a
    recording invalid."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder, self.generator = recorder, recorder.generator
        self.error = "recorded all the same"

    def record(self, work: Callable[[], Step]) -> Graph:
        """Try it.

        Raises:
            RuntimeError: as it should.
        """

        def fetched() -> Step:
            done = work()
            done.loss.item()
            return done

        try:
            return self._recorder.record(fetched)
        except RuntimeError as error:
            self.error = f"refused ({str(error).splitlines()[0]})"
            raise
