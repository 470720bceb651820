"""The catalogue: one file per check, code first; pure functions of the evidence.

To add a check in five minutes:

1. Take the code and the kebab name from the catalogue; a code is never reused. Write `udNNN_the_name.py` with a
   class `TheName(Check)`: its docstring is its page (a summary sentence, then Symptom, Cause, Remedy, Source).
2. Give every limit a name at the top of the file, and say beside it what the ends of its scale mean, with measured
   numbers of sick and sound models.
3. Write `examine`: yield a finding for every place that was looked at, well or ill, with `cls.finding(...)`. The
   readings decide; the first one is what experiments compare. Nothing else is read than the evidence, and nothing
   is kept. `pictures`, `layers`, `graph` and `stem` answer the questions that several checks ask of it.
4. Put the class into `CHECKS` below, in the order of the codes.
5. Add an Ill/Healthy pair in `sample_models/udNNN_the_name.py`, and a test in `tests/checks/` with an ill and a
   healthy evidence, a NaN, and the false alarm that the check is prone to. A check that reads files (`reads_data`)
   has the functions `ill_pairs(folder)` and `healthy_pairs(folder)` instead, which write a small data set.
"""

from difflib import get_close_matches

from unetdoctor.checks.check import Check
from unetdoctor.checks.ud001_checkpoint_keys_mismatch import CheckpointKeysMismatch
from unetdoctor.checks.ud002_weights_never_loaded import WeightsNeverLoaded
from unetdoctor.checks.ud003_model_is_untrained import ModelIsUntrained
from unetdoctor.checks.ud004_left_in_train_mode import LeftInTrainMode
from unetdoctor.checks.ud005_forward_crashed import ForwardCrashed
from unetdoctor.checks.ud006_parameters_outside_the_module import ParametersOutsideTheModule
from unetdoctor.checks.ud007_ambiguous_output import AmbiguousOutput
from unetdoctor.checks.ud101_skip_concat_mismatch import SkipConcatMismatch
from unetdoctor.checks.ud102_size_must_be_multiple import SizeMustBeMultiple
from unetdoctor.checks.ud103_output_size_differs import OutputSizeDiffers
from unetdoctor.checks.ud104_input_channels_mismatch import InputChannelsMismatch
from unetdoctor.checks.ud105_one_value_per_channel import OneValuePerChannel
from unetdoctor.checks.ud106_channels_last_confusion import ChannelsLastConfusion
from unetdoctor.checks.ud107_samples_mixed_across_batch import SamplesMixedAcrossBatch
from unetdoctor.checks.ud108_tile_seams import TileSeams
from unetdoctor.checks.ud109_half_pixel_shift import HalfPixelShift
from unetdoctor.checks.ud110_pixels_in_wrong_order import PixelsInWrongOrder
from unetdoctor.checks.ud201_single_channel_picture import SingleChannelPicture
from unetdoctor.checks.ud202_identical_channels import IdenticalChannels
from unetdoctor.checks.ud203_flat_picture import FlatPicture
from unetdoctor.checks.ud204_low_contrast import LowContrast
from unetdoctor.checks.ud205_saturated_picture import SaturatedPicture
from unetdoctor.checks.ud206_non_finite_output import NonFiniteOutput
from unetdoctor.checks.ud207_one_class_everywhere import OneClassEverywhere
from unetdoctor.checks.ud208_empty_or_full_mask import EmptyOrFullMask
from unetdoctor.checks.ud209_ignores_its_input import IgnoresItsInput
from unetdoctor.checks.ud210_no_diversity import NoDiversity
from unetdoctor.checks.ud211_checkerboard import Checkerboard
from unetdoctor.checks.ud212_dead_output_channel import DeadOutputChannel
from unetdoctor.checks.ud213_range_does_not_fit_display import RangeDoesNotFitDisplay
from unetdoctor.checks.ud214_colour_cast_or_swap import ColourCastOrSwap
from unetdoctor.checks.ud215_ragged_boundary import RaggedBoundary
from unetdoctor.checks.ud301_identical_final_filters import IdenticalFinalFilters
from unetdoctor.checks.ud302_final_layer_scale import FinalLayerScale
from unetdoctor.checks.ud303_final_layer_zero import FinalLayerZero
from unetdoctor.checks.ud304_final_bias_dominates import FinalBiasDominates
from unetdoctor.checks.ud305_constant_weights import ConstantWeights
from unetdoctor.checks.ud306_weight_scale_off import WeightScaleOff
from unetdoctor.checks.ud307_non_finite_weights import NonFiniteWeights
from unetdoctor.checks.ud308_batchnorm_never_updated import BatchNormNeverUpdated
from unetdoctor.checks.ud309_batchnorm_statistics_wrong import BatchnormStatisticsWrong
from unetdoctor.checks.ud310_dead_filters import DeadFilters
from unetdoctor.checks.ud311_norm_on_output_head import NormOnOutputHead
from unetdoctor.checks.ud312_norm_on_flat_features import NormOnFlatFeatures
from unetdoctor.checks.ud401_dead_relu import DeadRelu
from unetdoctor.checks.ud402_saturated_activation import SaturatedActivation
from unetdoctor.checks.ud403_signal_vanishes import SignalVanishes
from unetdoctor.checks.ud404_signal_explodes import SignalExplodes
from unetdoctor.checks.ud405_non_finite_origin import NonFiniteOrigin
from unetdoctor.checks.ud406_skip_without_effect import SkipWithoutEffect
from unetdoctor.checks.ud407_decoder_bypassed import DecoderBypassed
from unetdoctor.checks.ud408_skips_crossed import SkipsCrossed
from unetdoctor.checks.ud409_latent_too_narrow import LatentTooNarrow
from unetdoctor.checks.ud410_random_in_eval import RandomInEval
from unetdoctor.checks.ud411_activation_squeezes import ActivationSqueezes
from unetdoctor.checks.ud501_channels_do_not_fit_task import ChannelsDoNotFitTask
from unetdoctor.checks.ud502_activation_twice import ActivationTwice
from unetdoctor.checks.ud503_softmax_on_one_channel import SoftmaxOnOneChannel
from unetdoctor.checks.ud504_softmax_over_wrong_dim import SoftmaxOverWrongDim
from unetdoctor.checks.ud505_loss_and_activation_clash import LossAndActivationClash
from unetdoctor.checks.ud506_logits_shown_as_picture import LogitsShownAsPicture
from unetdoctor.checks.ud507_relu_on_output import ReluOnOutput
from unetdoctor.checks.ud508_cast_without_scaling import CastWithoutScaling
from unetdoctor.checks.ud509_ids_shown_as_grey import IdsShownAsGrey
from unetdoctor.checks.ud510_palette_broken import PaletteBroken
from unetdoctor.checks.ud511_threshold_misfit import ThresholdMisfit
from unetdoctor.checks.ud512_class_order_differs import ClassOrderDiffers
from unetdoctor.checks.ud513_tanh_shown_as_unit_range import TanhShownAsUnitRange
from unetdoctor.checks.ud601_preprocessing_mismatch import PreprocessingMismatch
from unetdoctor.checks.ud602_channel_order_swapped import ChannelOrderSwapped
from unetdoctor.checks.ud603_input_dtype_or_range import InputDtypeOrRange
from unetdoctor.checks.ud604_mask_values_not_ids import MaskValuesNotIds
from unetdoctor.checks.ud605_mask_is_colour import MaskIsColour
from unetdoctor.checks.ud606_mask_size_differs import MaskSizeDiffers
from unetdoctor.checks.ud607_mask_interpolated_or_lossy import MaskInterpolatedOrLossy
from unetdoctor.checks.ud608_mask_misaligned import MaskMisaligned
from unetdoctor.checks.ud609_empty_ground_truth import EmptyGroundTruth
from unetdoctor.checks.ud610_class_imbalance import ClassImbalance
from unetdoctor.checks.ud611_grey_images import GreyImages
from unetdoctor.checks.ud612_missing_partner import MissingPartner
from unetdoctor.checks.ud613_unreadable_or_odd_file import UnreadableOrOddFile
from unetdoctor.checks.ud614_duplicate_or_leak import DuplicateOrLeak
from unetdoctor.checks.ud615_dataset_statistics import DatasetStatistics
from unetdoctor.checks.ud801_half_precision_overflow import HalfPrecisionOverflow
from unetdoctor.checks.ud804_not_deterministic import NotDeterministic
from unetdoctor.facts import Card, Selection

CHECKS: tuple[type[Check], ...] = (
    CheckpointKeysMismatch,
    WeightsNeverLoaded,
    ModelIsUntrained,
    LeftInTrainMode,
    ForwardCrashed,
    ParametersOutsideTheModule,
    AmbiguousOutput,
    SkipConcatMismatch,
    SizeMustBeMultiple,
    OutputSizeDiffers,
    InputChannelsMismatch,
    OneValuePerChannel,
    ChannelsLastConfusion,
    SamplesMixedAcrossBatch,
    TileSeams,
    HalfPixelShift,
    PixelsInWrongOrder,
    SingleChannelPicture,
    IdenticalChannels,
    FlatPicture,
    LowContrast,
    SaturatedPicture,
    NonFiniteOutput,
    OneClassEverywhere,
    EmptyOrFullMask,
    IgnoresItsInput,
    NoDiversity,
    Checkerboard,
    DeadOutputChannel,
    RangeDoesNotFitDisplay,
    ColourCastOrSwap,
    RaggedBoundary,
    IdenticalFinalFilters,
    FinalLayerScale,
    FinalLayerZero,
    FinalBiasDominates,
    ConstantWeights,
    WeightScaleOff,
    NonFiniteWeights,
    BatchNormNeverUpdated,
    BatchnormStatisticsWrong,
    DeadFilters,
    NormOnOutputHead,
    NormOnFlatFeatures,
    DeadRelu,
    SaturatedActivation,
    SignalVanishes,
    SignalExplodes,
    NonFiniteOrigin,
    SkipWithoutEffect,
    DecoderBypassed,
    SkipsCrossed,
    LatentTooNarrow,
    RandomInEval,
    ActivationSqueezes,
    ChannelsDoNotFitTask,
    ActivationTwice,
    SoftmaxOnOneChannel,
    SoftmaxOverWrongDim,
    LossAndActivationClash,
    LogitsShownAsPicture,
    ReluOnOutput,
    CastWithoutScaling,
    IdsShownAsGrey,
    PaletteBroken,
    ThresholdMisfit,
    ClassOrderDiffers,
    TanhShownAsUnitRange,
    PreprocessingMismatch,
    ChannelOrderSwapped,
    InputDtypeOrRange,
    MaskValuesNotIds,
    MaskIsColour,
    MaskSizeDiffers,
    MaskInterpolatedOrLossy,
    MaskMisaligned,
    EmptyGroundTruth,
    ClassImbalance,
    GreyImages,
    MissingPartner,
    UnreadableOrOddFile,
    DuplicateOrLeak,
    DatasetStatistics,
    HalfPrecisionOverflow,
    NotDeterministic,
)
"""Every check, in the order of the codes."""

__all__ = ["CHECKS", "Check", "by_code", "cards", "selected"]


def by_code(text: str) -> type[Check]:
    """Return the check of a code (`UD203`) or name (`flat-picture`); raises ValueError that names close matches."""
    wanted = text.strip().lower()
    for check in CHECKS:
        if wanted in (check.code.lower(), check.name):
            return check
    raise ValueError(_unknown(text))


def cards() -> tuple[Card, ...]:
    """Return the pages of all checks, in the order of the codes."""
    return tuple(check.card() for check in CHECKS)


def selected(selection: Selection) -> tuple[type[Check], ...]:
    """Return the checks that run: those selected (all, where none is) less those ignored.

    Each entry is a code, the beginning of codes (`UD2`) or a name; raises ValueError for one that matches no check.
    """
    chosen = {check for text in selection.select for check in _matching(text)} if selection.select else set(CHECKS)
    ignored = {check for text in selection.ignore for check in _matching(text)}
    return tuple(check for check in CHECKS if check in chosen - ignored)


def _matching(text: str) -> list[type[Check]]:
    wanted = text.strip().lower()
    found = [x for x in CHECKS if wanted and (x.code.lower().startswith(wanted) or x.name == wanted)]
    if not found:
        raise ValueError(_unknown(text))
    return found


def _unknown(text: str) -> str:
    names = [name for check in CHECKS for name in (check.code.lower(), check.name)]
    close = get_close_matches(text.strip().lower(), names, n=3, cutoff=0.5)
    known = {check.code.lower(): check.code for check in CHECKS}
    advice = f" Close: {', '.join(known.get(x, x) for x in close)}." if close else ""
    return f"No check has the code, prefix or name {text!r}.{advice} `unetdoctor rules` lists all."
