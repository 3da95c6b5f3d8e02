"""Optimisers: pure pairs of functions, ``init`` and ``update``, composed by `chain`.

The protocol, the names and the defaults are optax's.
"""

from __future__ import annotations

from fungrad.optim import contrib as contrib
from fungrad.optim import tree as tree
from fungrad.optim.accumulation import MultiSteps as MultiSteps
from fungrad.optim.accumulation import MultiStepsState as MultiStepsState
from fungrad.optim.accumulation import skip_large_updates as skip_large_updates
from fungrad.optim.accumulation import skip_not_finite as skip_not_finite
from fungrad.optim.adam_family import adabelief as adabelief
from fungrad.optim.adam_family import adam as adam
from fungrad.optim.adam_family import adamax as adamax
from fungrad.optim.adam_family import adamaxw as adamaxw
from fungrad.optim.adam_family import adamw as adamw
from fungrad.optim.adam_family import adan as adan
from fungrad.optim.adam_family import amsgrad as amsgrad
from fungrad.optim.adam_family import lion as lion
from fungrad.optim.adam_family import nadam as nadam
from fungrad.optim.adam_family import nadamw as nadamw
from fungrad.optim.adam_family import radam as radam
from fungrad.optim.adam_family import yogi as yogi
from fungrad.optim.adaptive import ScaleByAdaDeltaState as ScaleByAdaDeltaState
from fungrad.optim.adaptive import ScaleByRmsState as ScaleByRmsState
from fungrad.optim.adaptive import ScaleByRmsWithCountState as ScaleByRmsWithCountState
from fungrad.optim.adaptive import ScaleByRpropState as ScaleByRpropState
from fungrad.optim.adaptive import ScaleByRssState as ScaleByRssState
from fungrad.optim.adaptive import ScaleByRStdDevState as ScaleByRStdDevState
from fungrad.optim.adaptive import ScaleByRStdDevWithCountState as ScaleByRStdDevWithCountState
from fungrad.optim.adaptive import scale_by_adadelta as scale_by_adadelta
from fungrad.optim.adaptive import scale_by_rms as scale_by_rms
from fungrad.optim.adaptive import scale_by_rprop as scale_by_rprop
from fungrad.optim.adaptive import scale_by_rss as scale_by_rss
from fungrad.optim.adaptive import scale_by_stddev as scale_by_stddev
from fungrad.optim.averages import bias_correction as bias_correction
from fungrad.optim.averages import update_infinity_moment as update_infinity_moment
from fungrad.optim.averages import update_moment as update_moment
from fungrad.optim.averages import update_moment_per_elem_norm as update_moment_per_elem_norm
from fungrad.optim.base import EmptyState as EmptyState
from fungrad.optim.base import GradientTransformation as GradientTransformation
from fungrad.optim.base import GradientTransformationExtraArgs as GradientTransformationExtraArgs
from fungrad.optim.base import OptState as OptState
from fungrad.optim.base import Params as Params
from fungrad.optim.base import ScalarOrSchedule as ScalarOrSchedule
from fungrad.optim.base import Schedule as Schedule
from fungrad.optim.base import TransformInitFn as TransformInitFn
from fungrad.optim.base import TransformUpdateExtraArgsFn as TransformUpdateExtraArgsFn
from fungrad.optim.base import TransformUpdateFn as TransformUpdateFn
from fungrad.optim.base import Updates as Updates
from fungrad.optim.base import identity as identity
from fungrad.optim.base import safe_increment as safe_increment
from fungrad.optim.base import set_to_zero as set_to_zero
from fungrad.optim.base import stateless as stateless
from fungrad.optim.base import stateless_with_tree_map as stateless_with_tree_map
from fungrad.optim.base import with_extra_args_support as with_extra_args_support
from fungrad.optim.clipping import adaptive_grad_clip as adaptive_grad_clip
from fungrad.optim.clipping import clip as clip
from fungrad.optim.clipping import clip_by_block_rms as clip_by_block_rms
from fungrad.optim.clipping import clip_by_global_norm as clip_by_global_norm
from fungrad.optim.clipping import normalize_by_update_norm as normalize_by_update_norm
from fungrad.optim.clipping import per_example_global_norm_clip as per_example_global_norm_clip
from fungrad.optim.clipping import unitwise_clip as unitwise_clip
from fungrad.optim.clipping import unitwise_norm as unitwise_norm
from fungrad.optim.combining import chain as chain
from fungrad.optim.combining import named_chain as named_chain
from fungrad.optim.descent import adadelta as adadelta
from fungrad.optim.descent import adagrad as adagrad
from fungrad.optim.descent import optimistic_adam_v2 as optimistic_adam_v2
from fungrad.optim.descent import optimistic_gradient_descent as optimistic_gradient_descent
from fungrad.optim.descent import polyak_sgd as polyak_sgd
from fungrad.optim.descent import rmsprop as rmsprop
from fungrad.optim.descent import rprop as rprop
from fungrad.optim.descent import sgd as sgd
from fungrad.optim.descent import sign_sgd as sign_sgd
from fungrad.optim.descent import signum as signum
from fungrad.optim.factored import FactoredState as FactoredState
from fungrad.optim.factored import ScaleBySM3State as ScaleBySM3State
from fungrad.optim.factored import scale_by_factored_rms as scale_by_factored_rms
from fungrad.optim.factored import scale_by_sm3 as scale_by_sm3
from fungrad.optim.injection import InjectHyperparamsState as InjectHyperparamsState
from fungrad.optim.injection import InjectStatefulHyperparamsState as InjectStatefulHyperparamsState
from fungrad.optim.injection import WrappedSchedule as WrappedSchedule
from fungrad.optim.injection import WrappedScheduleState as WrappedScheduleState
from fungrad.optim.injection import inject_hyperparams as inject_hyperparams
from fungrad.optim.large import adafactor as adafactor
from fungrad.optim.large import fromage as fromage
from fungrad.optim.large import lamb as lamb
from fungrad.optim.large import lars as lars
from fungrad.optim.large import novograd as novograd
from fungrad.optim.large import sm3 as sm3
from fungrad.optim.layerwise import ScaleByNovogradState as ScaleByNovogradState
from fungrad.optim.layerwise import scale_by_novograd as scale_by_novograd
from fungrad.optim.layerwise import scale_by_param_block_norm as scale_by_param_block_norm
from fungrad.optim.layerwise import scale_by_param_block_rms as scale_by_param_block_rms
from fungrad.optim.layerwise import scale_by_trust_ratio as scale_by_trust_ratio
from fungrad.optim.least_squares import LevenbergMarquardtInfo as LevenbergMarquardtInfo
from fungrad.optim.least_squares import levenberg_marquardt as levenberg_marquardt
from fungrad.optim.linesearch import BacktrackingLinesearchInfo as BacktrackingLinesearchInfo
from fungrad.optim.linesearch import (
    ScaleByBacktrackingLinesearchState as ScaleByBacktrackingLinesearchState,
)
from fungrad.optim.linesearch import (
    scale_by_backtracking_linesearch as scale_by_backtracking_linesearch,
)
from fungrad.optim.linesearch import value_and_grad_from_state as value_and_grad_from_state
from fungrad.optim.masking import MaskedNode as MaskedNode
from fungrad.optim.masking import MaskedState as MaskedState
from fungrad.optim.masking import MultiTransformState as MultiTransformState
from fungrad.optim.masking import PartitionState as PartitionState
from fungrad.optim.masking import freeze as freeze
from fungrad.optim.masking import masked as masked
from fungrad.optim.masking import multi_transform as multi_transform
from fungrad.optim.masking import partition as partition
from fungrad.optim.masking import selective_transform as selective_transform
from fungrad.optim.moments import ScaleByAdamState as ScaleByAdamState
from fungrad.optim.moments import ScaleByAmsgradState as ScaleByAmsgradState
from fungrad.optim.moments import scale_by_adam as scale_by_adam
from fungrad.optim.moments import scale_by_adamax as scale_by_adamax
from fungrad.optim.moments import scale_by_amsgrad as scale_by_amsgrad
from fungrad.optim.moments import scale_by_radam as scale_by_radam
from fungrad.optim.momentum import ApplyEvery as ApplyEvery
from fungrad.optim.momentum import EmaState as EmaState
from fungrad.optim.momentum import ScaleByOptimisticGradientState as ScaleByOptimisticGradientState
from fungrad.optim.momentum import TraceState as TraceState
from fungrad.optim.momentum import apply_every as apply_every
from fungrad.optim.momentum import ema as ema
from fungrad.optim.momentum import scale_by_optimistic_gradient as scale_by_optimistic_gradient
from fungrad.optim.momentum import trace as trace
from fungrad.optim.muon import MuonDimensionNumbers as MuonDimensionNumbers
from fungrad.optim.muon import MuonState as MuonState
from fungrad.optim.muon import muon as muon
from fungrad.optim.muon import orthogonalize_via_newton_schulz as orthogonalize_via_newton_schulz
from fungrad.optim.muon import scale_by_muon as scale_by_muon
from fungrad.optim.muon import scale_by_shape as scale_by_shape
from fungrad.optim.noise import AddNoiseState as AddNoiseState
from fungrad.optim.noise import add_noise as add_noise
from fungrad.optim.noise import noisy_sgd as noisy_sgd
from fungrad.optim.norms import global_norm as global_norm
from fungrad.optim.norms import safe_norm as safe_norm
from fungrad.optim.norms import safe_root_mean_squares as safe_root_mean_squares
from fungrad.optim.pieces import cosine_onecycle_schedule as cosine_onecycle_schedule
from fungrad.optim.pieces import linear_onecycle_schedule as linear_onecycle_schedule
from fungrad.optim.pieces import piecewise_constant_schedule as piecewise_constant_schedule
from fungrad.optim.pieces import piecewise_interpolate_schedule as piecewise_interpolate_schedule
from fungrad.optim.pieces import sgdr_schedule as sgdr_schedule
from fungrad.optim.polyak import scale_by_polyak as scale_by_polyak
from fungrad.optim.quasi_newton import ScaleByLBFGSState as ScaleByLBFGSState
from fungrad.optim.quasi_newton import lbfgs as lbfgs
from fungrad.optim.quasi_newton import scale_by_lbfgs as scale_by_lbfgs
from fungrad.optim.relatives import ScaleByAdanState as ScaleByAdanState
from fungrad.optim.relatives import ScaleByBeliefState as ScaleByBeliefState
from fungrad.optim.relatives import ScaleByLionState as ScaleByLionState
from fungrad.optim.relatives import scale_by_adan as scale_by_adan
from fungrad.optim.relatives import scale_by_belief as scale_by_belief
from fungrad.optim.relatives import scale_by_lion as scale_by_lion
from fungrad.optim.relatives import scale_by_yogi as scale_by_yogi
from fungrad.optim.scaling import ScaleByScheduleState as ScaleByScheduleState
from fungrad.optim.scaling import keep_params_nonnegative as keep_params_nonnegative
from fungrad.optim.scaling import scale as scale
from fungrad.optim.scaling import scale_by_learning_rate as scale_by_learning_rate
from fungrad.optim.scaling import scale_by_schedule as scale_by_schedule
from fungrad.optim.scaling import scale_by_sign as scale_by_sign
from fungrad.optim.schedules import constant_schedule as constant_schedule
from fungrad.optim.schedules import cosine_decay_schedule as cosine_decay_schedule
from fungrad.optim.schedules import exponential_decay as exponential_decay
from fungrad.optim.schedules import join_schedules as join_schedules
from fungrad.optim.schedules import linear_schedule as linear_schedule
from fungrad.optim.schedules import polynomial_schedule as polynomial_schedule
from fungrad.optim.schedules import warmup_constant_schedule as warmup_constant_schedule
from fungrad.optim.schedules import warmup_cosine_decay_schedule as warmup_cosine_decay_schedule
from fungrad.optim.schedules import (
    warmup_exponential_decay_schedule as warmup_exponential_decay_schedule,
)
from fungrad.optim.update import apply_updates as apply_updates
from fungrad.optim.update import incremental_update as incremental_update
from fungrad.optim.update import periodic_update as periodic_update
from fungrad.optim.weights import WeightDecaySchedule as WeightDecaySchedule
from fungrad.optim.weights import ZeroNansState as ZeroNansState
from fungrad.optim.weights import add_decayed_weights as add_decayed_weights
from fungrad.optim.weights import centralize as centralize
from fungrad.optim.weights import zero_nans as zero_nans
from fungrad.optim.wrappers import ApplyIfFiniteState as ApplyIfFiniteState
from fungrad.optim.wrappers import ConditionallyMaskState as ConditionallyMaskState
from fungrad.optim.wrappers import ConditionallyTransformState as ConditionallyTransformState
from fungrad.optim.wrappers import LookaheadParams as LookaheadParams
from fungrad.optim.wrappers import LookaheadState as LookaheadState
from fungrad.optim.wrappers import apply_if_finite as apply_if_finite
from fungrad.optim.wrappers import conditionally_mask as conditionally_mask
from fungrad.optim.wrappers import conditionally_transform as conditionally_transform
from fungrad.optim.wrappers import flatten as flatten
from fungrad.optim.wrappers import lookahead as lookahead
from fungrad.optim.zoom import ScaleByZoomLinesearchState as ScaleByZoomLinesearchState
from fungrad.optim.zoom import ZoomLinesearchInfo as ZoomLinesearchInfo
from fungrad.optim.zoom import scale_by_zoom_linesearch as scale_by_zoom_linesearch

__all__ = [
    "AddNoiseState",
    "ApplyEvery",
    "ApplyIfFiniteState",
    "BacktrackingLinesearchInfo",
    "ConditionallyMaskState",
    "ConditionallyTransformState",
    "EmaState",
    "EmptyState",
    "FactoredState",
    "GradientTransformation",
    "GradientTransformationExtraArgs",
    "InjectHyperparamsState",
    "InjectStatefulHyperparamsState",
    "LevenbergMarquardtInfo",
    "LookaheadParams",
    "LookaheadState",
    "MaskedNode",
    "MaskedState",
    "MultiSteps",
    "MultiStepsState",
    "MultiTransformState",
    "MuonDimensionNumbers",
    "MuonState",
    "OptState",
    "Params",
    "PartitionState",
    "ScalarOrSchedule",
    "ScaleByAdaDeltaState",
    "ScaleByAdamState",
    "ScaleByAdanState",
    "ScaleByAmsgradState",
    "ScaleByBacktrackingLinesearchState",
    "ScaleByBeliefState",
    "ScaleByLBFGSState",
    "ScaleByLionState",
    "ScaleByNovogradState",
    "ScaleByOptimisticGradientState",
    "ScaleByRStdDevState",
    "ScaleByRStdDevWithCountState",
    "ScaleByRmsState",
    "ScaleByRmsWithCountState",
    "ScaleByRpropState",
    "ScaleByRssState",
    "ScaleBySM3State",
    "ScaleByScheduleState",
    "ScaleByZoomLinesearchState",
    "Schedule",
    "TraceState",
    "TransformInitFn",
    "TransformUpdateExtraArgsFn",
    "TransformUpdateFn",
    "Updates",
    "WeightDecaySchedule",
    "WrappedSchedule",
    "WrappedScheduleState",
    "ZeroNansState",
    "ZoomLinesearchInfo",
    "adabelief",
    "adadelta",
    "adafactor",
    "adagrad",
    "adam",
    "adamax",
    "adamaxw",
    "adamw",
    "adan",
    "adaptive_grad_clip",
    "add_decayed_weights",
    "add_noise",
    "amsgrad",
    "apply_every",
    "apply_if_finite",
    "apply_updates",
    "bias_correction",
    "centralize",
    "chain",
    "clip",
    "clip_by_block_rms",
    "clip_by_global_norm",
    "conditionally_mask",
    "conditionally_transform",
    "constant_schedule",
    "contrib",
    "cosine_decay_schedule",
    "cosine_onecycle_schedule",
    "ema",
    "exponential_decay",
    "flatten",
    "freeze",
    "fromage",
    "global_norm",
    "identity",
    "incremental_update",
    "inject_hyperparams",
    "join_schedules",
    "keep_params_nonnegative",
    "lamb",
    "lars",
    "lbfgs",
    "levenberg_marquardt",
    "linear_onecycle_schedule",
    "linear_schedule",
    "lion",
    "lookahead",
    "masked",
    "multi_transform",
    "muon",
    "nadam",
    "nadamw",
    "named_chain",
    "noisy_sgd",
    "normalize_by_update_norm",
    "novograd",
    "optimistic_adam_v2",
    "optimistic_gradient_descent",
    "orthogonalize_via_newton_schulz",
    "partition",
    "per_example_global_norm_clip",
    "periodic_update",
    "piecewise_constant_schedule",
    "piecewise_interpolate_schedule",
    "polyak_sgd",
    "polynomial_schedule",
    "radam",
    "rmsprop",
    "rprop",
    "safe_increment",
    "safe_norm",
    "safe_root_mean_squares",
    "scale",
    "scale_by_adadelta",
    "scale_by_adam",
    "scale_by_adamax",
    "scale_by_adan",
    "scale_by_amsgrad",
    "scale_by_backtracking_linesearch",
    "scale_by_belief",
    "scale_by_factored_rms",
    "scale_by_lbfgs",
    "scale_by_learning_rate",
    "scale_by_lion",
    "scale_by_muon",
    "scale_by_novograd",
    "scale_by_optimistic_gradient",
    "scale_by_param_block_norm",
    "scale_by_param_block_rms",
    "scale_by_polyak",
    "scale_by_radam",
    "scale_by_rms",
    "scale_by_rprop",
    "scale_by_rss",
    "scale_by_schedule",
    "scale_by_shape",
    "scale_by_sign",
    "scale_by_sm3",
    "scale_by_stddev",
    "scale_by_trust_ratio",
    "scale_by_yogi",
    "scale_by_zoom_linesearch",
    "selective_transform",
    "set_to_zero",
    "sgd",
    "sgdr_schedule",
    "sign_sgd",
    "signum",
    "skip_large_updates",
    "skip_not_finite",
    "sm3",
    "stateless",
    "stateless_with_tree_map",
    "trace",
    "tree",
    "unitwise_clip",
    "unitwise_norm",
    "update_infinity_moment",
    "update_moment",
    "update_moment_per_elem_norm",
    "value_and_grad_from_state",
    "warmup_constant_schedule",
    "warmup_cosine_decay_schedule",
    "warmup_exponential_decay_schedule",
    "with_extra_args_support",
    "yogi",
    "zero_nans",
]
