"""The layers. Importing the package registers all of them."""

from normbound.layers import activations, linear, normalization
from normbound.layers.activations import CReLU, Elementwise, MaxMin, PReLU, SquaredReLU, activation
from normbound.layers.linear import Dropout, Identity, LearnedScale, Linear, Outside, Scaling
from normbound.layers.normalization import (
                                            Affine,
                                            BatchNorm,
                                            DyT,
                                            GroupNorm,
                                            InstanceNorm,
                                            L2Norm,
                                            LayerNorm,
                                            Normalize,
                                            PixelNorm,
                                            RMSNorm,
                                            ScaleNorm,
                                            Standardize,
)

__all__ = ["Affine", "BatchNorm", "CReLU", "Dropout", "DyT", "Elementwise", "GroupNorm", "Identity", "InstanceNorm",
           "L2Norm", "LayerNorm", "LearnedScale", "Linear", "MaxMin", "Normalize", "Outside", "PReLU", "PixelNorm", "RMSNorm",
           "ScaleNorm", "Scaling", "SquaredReLU", "Standardize", "activation", "activations", "linear", "normalization"]
