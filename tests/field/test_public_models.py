"""Are the shapes in which VAEs are published understood with the figures of their own code, or refused with the right sentence?

Second opinions: each model's raw layers (`zoo`), torch.distributions.
"""

from __future__ import annotations

import pytest
import torch

from tests.field import zoo
from trainer.foreign import asked


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.mark.parametrize("build", zoo.UNDERSTOOD, ids=lambda build: build.__name__)
def test_a_published_shape_is_understood_as_its_own_layers_compute(build):
    case = build()
    x = zoo.digits("test")
    found = asked(case.model, x[:48])
    assert not found.is_deterministic, found.understood
    with torch.no_grad():
        mu, sigma = (part.flatten(1) for part in case.posterior(x))
        z = torch.randn(x.shape[0], mu.shape[1], generator=torch.Generator().manual_seed(1))
        latent = case.posterior(x[:2])[0].shape[1:]
        pictures = case.decode(z.reshape(len(z), *latent)).reshape(len(z), -1)
        got_mu, got_logvar = found.encode(x)
        got = found.decode(z).flatten(1)
    assert torch.allclose(got_mu, mu, atol=1e-4), found.understood
    assert torch.allclose((got_logvar / 2).exp(), sigma, rtol=1e-4, atol=1e-5), found.understood
    assert torch.allclose(got, pictures, atol=1e-4), found.understood
