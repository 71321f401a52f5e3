"""Does each latent dimension stand for one cause of the picture, and each cause for one dimension?

Three measures that need known factors: MIG (Chen et al. 2018), DCI (Eastwood & Williams 2018) and SAP (Kumar et al. 2018). Each is
1 where codes are the factors up to order, sign and scale, and near 0 where every code mixes all factors or none.

Letters: N images, K latent dimensions, F factors. A factor is discrete if it has at most `bins` distinct values; any other is
continuous, and binned where entropies are needed, so that an angle that runs in a circle needs no special care there. Entropies
in nats; scores without unit. Finite samples make independent variables look dependent: mutual information between a and b bins
is too high by about (a − 1)(b − 1) / 2N nats (Miller 1955), .015 for 20 bins and N = 12 000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.errors import ConfigError, DataError

Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]

BINS = 20
TREES = 20
DEPTH = 12  # of a tree of the forest
LEAF = 5  # images in a leaf at least: smaller ones learn noise and count it as importance
TRAIN_SHARE = 0.7  # of the images; DCI and SAP score predictions of the others


@dataclass(frozen=True)
class Mig:
    """Mutual information gap."""

    mutual_information: Doubles
    """(F, K), nats, of the binned factor and one dimension"""
    entropy: Doubles
    """(F,), nats, of the binned factor"""

    @property
    def gaps(self) -> Doubles:
        """(F,): the best dimension's information less the second's, over the factor's entropy; Chen et al. 2018, eq. 6."""
        return _lead(self.mutual_information) / self.entropy

    @property
    def score(self) -> float:
        return float(self.gaps.mean())


@dataclass(frozen=True)
class Dci:
    """Disentanglement, completeness and informativeness (Eastwood & Williams 2018).

    Informativeness is 1 − error / error of the best constant guess, floored at 0: R² of a continuous factor; of a discrete one the
    share of the guess's mistakes that is avoided. Section 2 of the paper gives the error itself.
    """

    importance: Doubles
    """(K, F), each column sums to 1 (0 where no code helps)"""
    informativeness_per_factor: Doubles
    """(F,), on images held out"""

    @property
    def disentanglement(self) -> float:
        """Σ_k ρ_k (1 − H_F(P_k)): P_k the row k over its sum, ρ_k that sum's share, H with logarithms to base F."""
        return _purity(self.importance)

    @property
    def completeness(self) -> float:
        """Mean over factors of 1 − H_K(column); a factor that no code predicts counts for 0."""
        used = self.importance.sum(0) > 0
        return _purity(self.importance.T) * float(used.mean())

    @property
    def informativeness(self) -> float:
        return float(self.informativeness_per_factor.mean())


@dataclass(frozen=True)
class Sap:
    """Separated attribute predictability.

    Continuous: squared correlation. Discrete: balanced accuracy of thresholds on images held out, rescaled so that chance is 0
    (Kumar et al. 2018 leave it at 1/classes, so that even perfect codes would stay below 1).
    """

    predictability: Doubles
    """(F, K), 0 to 1: how well one dimension alone predicts the factor"""

    @property
    def gaps(self) -> Doubles:
        """(F,): the best dimension's less the second's."""
        return _lead(self.predictability)

    @property
    def score(self) -> float:
        return float(self.gaps.mean())


@dataclass(frozen=True)
class Disentanglement:
    """The three measures of one set of codes."""

    factor_names: tuple[str, ...]
    """of the F factors"""
    mig: Mig
    """mutual information gap"""
    dci: Dci
    """disentanglement, completeness, informativeness"""
    sap: Sap
    """separated attribute predictability"""


def disentanglement(
    codes: NDArray[Any], factors: NDArray[Any], factor_names: Sequence[str], seed: int, bins: int = BINS
) -> Disentanglement:
    """All measures of codes (N, K), say posterior means, against factors (N, F)."""
    if np.ndim(factors) != 2:
        raise DataError(f"factors have shape {np.shape(factors)}; allowed: (N, F).")
    if len(factor_names) != np.shape(factors)[1]:
        raise DataError(f"There are {len(factor_names)} factor names; allowed: {np.shape(factors)[1]}, one a factor.")
    return Disentanglement(
        tuple(factor_names), mig(codes, factors, bins), dci(codes, factors, seed, bins), sap(codes, factors, seed, bins)
    )


def mig(codes: NDArray[Any], factors: NDArray[Any], bins: int = BINS) -> Mig:
    """Mutual information of every factor with every binned dimension, and the gap. Chen et al. 2018, section 4.1."""
    z, v = _checked(codes, factors, bins)
    binned_codes = [discretise(column, bins) for column in z.T]
    binned_factors = [discretise(column, bins) for column in v.T]
    information = [[mutual_information(factor, code) for code in binned_codes] for factor in binned_factors]
    return Mig(np.array(information), np.array([mutual_information(factor, factor) for factor in binned_factors]))


def dci(codes: NDArray[Any], factors: NDArray[Any], seed: int, bins: int = BINS) -> Dci:
    """Random forests that predict each factor from all dimensions; their importances are the matrix."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    z, v = _checked(codes, factors, bins)
    train, test = _train_and_test(len(z), seed)
    importance, informativeness = [], []
    for column in v.T:
        kind = RandomForestClassifier if _is_discrete(column, bins) else RandomForestRegressor
        target = discretise(column, bins) if _is_discrete(column, bins) else column
        # every split sees all dimensions: among a random few, one that carries nothing would often win
        forest = kind(TREES, max_depth=DEPTH, min_samples_leaf=LEAF, max_features=None, random_state=seed)
        forest.fit(z[train], target[train])
        importance.append(forest.feature_importances_)
        informativeness.append(_skill(forest.predict(z[test]), target[test], target[train], _is_discrete(column, bins)))
    return Dci(np.array(importance).T, np.array(informativeness))


def sap(codes: NDArray[Any], factors: NDArray[Any], seed: int, bins: int = BINS) -> Sap:
    """How well each dimension alone predicts each factor. Kumar, Sattigeri & Balakrishnan 2018, section 3."""
    z, v = _checked(codes, factors, bins)
    train, test = _train_and_test(len(z), seed)
    rows = [
        [_threshold_skill(code, discretise(factor, bins), train, test) for code in z.T]
        if _is_discrete(factor, bins)
        else [_squared_correlation(code, factor) for code in z.T]
        for factor in v.T
    ]
    return Sap(np.array(rows))


def discretise(values: NDArray[Any], bins: int = BINS) -> Indices:
    """(N,) bin numbers: one a value where there are at most `bins`, else `bins` of equal mass.

    Equal mass because mutual information does not change when a code is stretched, and neither should its estimate.
    """
    distinct, numbers = np.unique(values, return_inverse=True)
    if len(distinct) <= bins:
        return numbers.astype(np.int64)
    edges = np.unique(np.quantile(values, np.arange(1, bins) / bins))
    return np.searchsorted(edges, values, side="left").astype(np.int64)


def mutual_information(a: Indices, b: Indices) -> float:
    """Σ p(a, b) log p(a, b) / (p(a) p(b)) of two columns of bin numbers, nats, from their counts; of a with itself its entropy."""
    counts = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(counts, (a, b), 1)
    joint = counts / len(a)
    product = joint.sum(1, keepdims=True) * joint.sum(0)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / product[seen])).sum())


def _lead(scores: Doubles) -> Doubles:
    """(F,): the largest of each row (F, K) less the second; less 0 where there is one dimension only."""
    ordered = np.sort(np.pad(scores, ((0, 0), (1, 0))), axis=1)
    return np.asarray(ordered[:, -1] - ordered[:, -2])


def _purity(weights: Doubles) -> float:
    """Mean of 1 − entropy (to base columns) of the rows, weighted by their sums; 0 without any weight, 1 with one column."""
    total = weights.sum()
    if total == 0:
        return 0.0
    if weights.shape[1] == 1:
        return 1.0
    sums = weights.sum(1)
    shares = weights[sums > 0] / sums[sums > 0, None]
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    entropy = -(shares * logs).sum(1) / np.log(weights.shape[1])
    return float((sums[sums > 0] / total) @ (1 - entropy))


def _skill(predicted: NDArray[Any], truth: NDArray[Any], seen: NDArray[Any], is_discrete: bool) -> float:
    """1 − error / error of a constant guess learned from `seen`, at least 0."""
    if is_discrete:
        error, guess = (predicted != truth).mean(), (np.bincount(seen).argmax() != truth).mean()
    else:
        error, guess = ((predicted - truth) ** 2).mean(), ((seen.mean() - truth) ** 2).mean()
    return 0.0 if guess == 0 else max(0.0, float(1 - error / guess))


def _squared_correlation(code: Doubles, factor: Doubles) -> float:
    if code.std() == 0:
        return 0.0
    return float(np.corrcoef(code, factor)[0, 1] ** 2)


def _threshold_skill(code: Doubles, classes: Indices, train: Indices, test: Indices) -> float:
    """Balanced accuracy on `test` of one threshold a class fewer than there are, chance taken off, 0 to 1."""
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_leaf_nodes=int(classes.max()) + 1, class_weight="balanced")
    predicted = tree.fit(code[train, None], classes[train]).predict(code[test, None])
    present = np.unique(classes[test])
    if len(present) < 2:
        return 0.0
    accuracy = np.mean([(predicted[classes[test] == each] == each).mean() for each in present])
    return max(0.0, float((accuracy - 1 / len(present)) / (1 - 1 / len(present))))


def _is_discrete(factor: NDArray[Any], bins: int) -> bool:
    return len(np.unique(factor)) <= bins


def _train_and_test(n: int, seed: int) -> tuple[Indices, Indices]:
    """Row numbers to learn from and to score on."""
    order = np.random.default_rng(seed).permutation(n)
    n_train = min(n - 1, max(1, round(TRAIN_SHARE * n)))
    return order[:n_train], order[n_train:]


def _checked(codes: NDArray[Any], factors: NDArray[Any], bins: int) -> tuple[Doubles, Doubles]:
    """Both in double precision, (N, K) and (N, F)."""
    z, v = np.asarray(codes, float), np.asarray(factors, float)
    if bins < 2:
        raise ConfigError("bins", bins, "2 or more")
    if z.ndim != 2 or v.ndim != 2 or len(z) != len(v) or z.size == 0 or v.size == 0:
        raise DataError(f"Codes have shape {z.shape} and factors {v.shape}; allowed: (N, K) and (N, F) of the same images.")
    if not (np.isfinite(z).all() and np.isfinite(v).all()):
        raise DataError("Codes or factors are not finite; allowed: numbers.")
    for number, column in enumerate(v.T):
        if column.min() == column.max():
            raise DataError(f"Factor {number} is {column[0]:g} in all {len(v)} images; allowed: factors that vary. Leave it out.")
    # a unit must not matter, and scikit-learn's trees stop at differences that are small in absolute terms
    return (z - z.mean(0)) / np.where(z.std(0) > 0, z.std(0), 1), (v - v.mean(0)) / v.std(0)
