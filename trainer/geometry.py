"""Interpolation, the pull-back metric and geodesics, under the name that the README promises; `trainer.latent.geometry` has them."""

from trainer.latent.geometry import DecodedGraph as DecodedGraph
from trainer.latent.geometry import Geodesic as Geodesic
from trainer.latent.geometry import Measure as Measure
from trainer.latent.geometry import curve_length as curve_length
from trainer.latent.geometry import decoded_graphs as decoded_graphs
from trainer.latent.geometry import equal_speed as equal_speed
from trainer.latent.geometry import geodesic as geodesic
from trainer.latent.geometry import interpolate as interpolate
from trainer.latent.geometry import lattice_graph as lattice_graph
from trainer.latent.geometry import magnification as magnification
from trainer.latent.geometry import neighbour_graph as neighbour_graph
from trainer.latent.geometry import path_length as path_length
from trainer.latent.geometry import pullback_metric as pullback_metric
