"""Where do parameters and gradients lie, if one kernel is to update them all?

In one tensor each, every parameter a view of its stretch. The optimiser of torch stays what a checkpoint is packed from and unpacked into;
its moments are views too, so that a run begun with either way of computing gradients goes on with the other.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

ALIGNED = 16  # numbers: each stretch begins where torch would let a tensor of its own begin, 64 bytes


class FlatAdam:
    """The step of a fused `torch.optim.AdamW` on one tensor: the same kernel, called once for all parameters."""

    def __init__(self, parameters: Sequence[nn.Parameter], optimiser: torch.optim.AdamW) -> None:
        """Moves the parameters into one tensor; their values stay. optimiser: has one group, which holds exactly them."""
        self._parameters, self._optimiser = parameters, optimiser
        self._stretches, self._n = _stretches(parameters)
        self.values, self.gradients, self._mean, self._square = (self._empty() for _ in range(4))
        self._moments = [(self._views(self._mean)[i], self._views(self._square)[i]) for i in range(len(parameters))]
        self._step = torch.zeros(())
        self._views_of_gradients = self._views(self.gradients)
        for parameter, view in zip(parameters, self._views(self.values), strict=True):
            view.copy_(parameter.data)
            parameter.data = view
        self._places = {id(parameter): i for i, parameter in enumerate(parameters)}

    def gradient_of(self, parameter: Tensor) -> Tensor | None:
        """Where its gradient is to be written; none for one that is not trained."""
        place = self._places.get(id(parameter))
        return None if place is None else self._views_of_gradients[place]

    def update(self, rate: float) -> None:
        """One step with the gradients that were written."""
        if not self._owns_moments:
            self._take_moments()
        group = self._optimiser.param_groups[0]
        group["lr"] = rate
        first, second = group["betas"]
        self._step += 1
        torch._fused_adamw_(
            [self.values],
            [self.gradients],
            [self._mean],
            [self._square],
            [],
            [self._step],
            lr=rate,
            beta1=first,
            beta2=second,
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )

    @property
    def _owns_moments(self) -> bool:
        """False at first, and after a checkpoint was read into the optimiser."""
        state = self._optimiser.state.get(self._parameters[0])
        return bool(state) and state["exp_avg"] is self._moments[0][0]  # type: ignore[index]

    def _take_moments(self) -> None:
        """From the optimiser, whose state then is a view of what is here."""
        self._mean.zero_()
        self._square.zero_()
        self._step.zero_()
        for parameter, (mean, square) in zip(self._parameters, self._moments, strict=True):
            state = self._optimiser.state[parameter]
            if state:
                mean.copy_(state["exp_avg"])
                square.copy_(state["exp_avg_sq"])
                self._step.copy_(state["step"])
            state.update(step=self._step, exp_avg=mean, exp_avg_sq=square)

    def _empty(self) -> Tensor:
        return torch.zeros(self._n, dtype=self._parameters[0].dtype)

    def _views(self, flat: Tensor) -> list[Tensor]:
        return [
            flat[start : start + parameter.numel()].view(parameter.shape)
            for start, parameter in zip(self._stretches, self._parameters, strict=True)
        ]


def _stretches(parameters: Sequence[nn.Parameter]) -> tuple[list[int], int]:
    """Where each parameter begins, and how long all are; the numbers between stay 0."""
    starts, n = [], 0
    for parameter in parameters:
        starts.append(n)
        n += -(-parameter.numel() // ALIGNED) * ALIGNED
    return starts, n
