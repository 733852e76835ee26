"""Ridge regression with confidence bounds, one observation after the other: what LinUCB decides by."""

from __future__ import annotations

import math

import numpy as np

from telcoai.strategy.sheet import Numbers


class Ridge:
    """A = λ I + Σ x xᵀ and b = Σ y x of the observations; θ = A⁻¹ b."""

    def __init__(self, size: int, ridge: float) -> None:
        self._inverse: Numbers = np.eye(size) / ridge
        self._moments: Numbers = np.zeros(size)
        self.seen = 0

    def observe(self, features: Numbers, value: float) -> None:
        """One more observation."""
        self._narrow(features)
        self._moments = self._moments + value * features
        self.seen += 1

    def expect(self, features: Numbers) -> None:
        """An observation is on its way, taken to be as predicted: bounds get as narrow as with it, θ stays."""
        value = self.predicted(features)
        self._narrow(features)
        self._moments = self._moments + value * features

    def _narrow(self, features: Numbers) -> None:
        """A⁻¹ with x xᵀ more in A, by Sherman and Morrison."""
        side = self._inverse @ features
        self._inverse = self._inverse - np.outer(side, side) / (1 + float(features @ side))

    def predicted(self, features: Numbers) -> float:
        """x · θ."""
        return float(features @ self._inverse @ self._moments)

    def deviation(self, features: Numbers) -> float:
        """√(xᵀ A⁻¹ x): how little is known of these features, 1 / √λ for a unit that nobody observed."""
        return math.sqrt(max(0.0, float(features @ self._inverse @ features)))
