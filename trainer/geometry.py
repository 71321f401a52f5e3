"""Interpolation, the pull-back metric and geodesics, under the name that the README promises; `trainer.latent` has them."""

from trainer.latent.decoded_graphs import DecodedGraph as DecodedGraph
from trainer.latent.decoded_graphs import decoded_graphs as decoded_graphs
from trainer.latent.decoded_graphs import lattice_graph as lattice_graph
from trainer.latent.decoded_graphs import neighbour_graph as neighbour_graph
from trainer.latent.decoded_length import Measure as Measure
from trainer.latent.decoded_length import curve_length as curve_length
from trainer.latent.decoded_length import equal_speed as equal_speed
from trainer.latent.decoded_length import path_length as path_length
from trainer.latent.geodesics import Geodesic as Geodesic
from trainer.latent.geodesics import geodesic as geodesic
from trainer.latent.interpolation import interpolate as interpolate
from trainer.latent.metric import magnification as magnification
from trainer.latent.metric import pullback_metric as pullback_metric
