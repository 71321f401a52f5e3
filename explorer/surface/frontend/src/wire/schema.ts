/**
 * What do Python and the browser tell each other?
 *
 * Written by `python -m explorer.surface.write_schema` from explorer/surface/schema.py: change that file, then run it again.
 */

export type PathKind = "linear" | "variance-preserving" | "spherical";
export type LatentPathKind = "linear" | "variance-preserving" | "spherical" | "geodesic";
export type ProjectionKind = "identity" | "linear" | "lattice";
export type LikelihoodName = "bernoulli" | "continuous-bernoulli" | "gaussian" | "laplace";

export type ActivationKind =
  | "relu"
  | "silu"
  | "gelu"
  | "tanh"
  | "sigmoid"
  | "leaky-relu"
  | "elu"
  | "exp"
  | "log"
  | "square"
  | "sqrt"
  | "abs"
  | "gelu-erf"
  | "softplus"
  | "logit"
  | "mish"
  | "selu"
  | "hard-swish"
  | "hard-sigmoid";

export type PadKind = "zeros" | "reflect" | "replicate" | "circular";
export type PoolKind = "max" | "average";
export type ResizeKind = "nearest" | "bilinear";
export type CombineKind = "add" | "subtract" | "multiply" | "divide" | "maximum" | "minimum";
export type ReduceKind = "mean" | "sum" | "max";
export type Fit = "crop" | "pad" | "stretch";
export type Ground = "dark" | "light";

/** trainer/latent/interpolation.py */
export const PATH_KINDS = ["linear", "variance-preserving", "spherical"] as const;
/** trainer/latent/paths.py */
export const LATENT_PATH_KINDS = ["linear", "variance-preserving", "spherical", "geodesic"] as const;
/** trainer/maps/support.py: which nearest code's distance says how few encoded images are around. */
export const SUPPORT_NEIGHBOUR = 5;
/** Below: low density of encoded images. */
export const SUPPORT_LOW = 0.02;
/** Below: medium density. */
export const SUPPORT_MEDIUM = 0.2;
/** Of the prior, on either side of the norm. */
export const SUPPORT_TAIL = 0.01;
export const SUPPORT_LEVELS = ["low", "medium", "high"] as const;
/** Of the codes in one dimension; below it the dimension is not active (Burda et al. 2016, section 5.1). */
export const ACTIVE_VARIANCE = 0.01;
/** trainer/models/layers.py: in `inputs`, what the network is given, a picture or a code. */
export const INPUT = -1;
/** In `inputs`: the class, one hot, (Y,). */
export const CLASS = -2;
/** Pictures of a scattered table of which a mean is taken. */
export const TABLE_NEIGHBOURS = 8;
/** explorer/pictures/arrays.py: no error, a reconstruction brighter, darker than its picture. */
export const ERROR_ON_LIGHT = [[255, 255, 255] as const, [178, 24, 43] as const, [33, 102, 172] as const] as const;
/** The same on a dark page. */
export const ERROR_ON_DARK = [[18, 21, 27] as const, [255, 118, 100] as const, [96, 172, 255] as const] as const;
/** trainer/datasets/pictures.py: of a file. */
export const MAX_PICTURE_BYTES = 20_000_000;
/** Before it is decoded. */
export const MAX_PICTURE_PIXELS = 40_000_000;
/** Share of its pixels that a picture shows; from there on it brings its own ground. */
export const SHEET = 0.75;
/** Grey levels: what scatters less has no ground of its own. */
export const ONE_TONE = 12;
/** explorer/pictures/preprocess.py: longer side at which ink is looked for. */
export const WORK_PX = 1024;
/** Longer side of a step's picture. */
export const SHOWN_PX = 512;
/** A border above it is light. */
export const MIDDLE_GREY = 127;
/** Work pixels per pixel of the model while the stroke is measured and thickened. */
export const CANVAS = 10;
/** explorer/pictures/ink.py: the surface of the paper is fitted to so many pixels a side. */
export const FIT_PX = 64;
/** Size at which ink is taken apart into pieces. */
export const PIECES_PX = 160;
/** Grey levels between ink and paper. */
export const MIN_CONTRAST = 12;
/** The same in standard deviations of the paper's grain. */
export const MIN_CONTRAST_GRAINS = 6;
/** Grey levels: paper that scatters more is none. */
export const NO_PAPER = 16;
/** Grey levels: what scatters more is no paper. */
export const MAX_GRAIN = 12;
/** Grey levels: so near to the surface a pixel counts for it. */
export const SAME_GREY = 6;
/** Of full ink: what is fainter does not count for its extent. */
export const FAINT = 0.05;
/** Of the largest piece's area: what is smaller is dirt. */
export const SPECK = 0.02;
/** Relative: values that differ by less are one. */
export const SAME_VALUE = 1e-9;
/** Of the mean side: a piece that touches the border for longer is an edge or a shadow, no stroke. */
export const LONG_CONTACT = 0.15;

/** What the browser must know to prepare a picture as `prepare` does; lengths are shares of the frame. */
export interface PictureProtocol {
  readonly way: "handwriting" | "object" | "photograph";
  /** Of the ink: height, width. */
  readonly box: readonly [number, number] | null;
  /** The centre of mass goes to the middle, else the middle of the box. */
  readonly by_mass: boolean;
  /** Ink was black or white before it was made small. */
  readonly is_bitmap: boolean;
  /** What the images of a grey folder lie on, where they agree. */
  readonly ground: Ground | null;
  /** How the data set's pictures became square: their middle, all of them padded, or stretched. */
  readonly fit: Fit;
  /** A stroke that is thinner than 99 of 100 in the data set is thinner than this. */
  readonly thin: number;
  /** The first quartile of the strokes' widths. */
  readonly usual: number;
  /**
   * Width of the pad's pen, a little above the first quartile of the data set's strokes, which is about their middle.
   */
  readonly pen: number;
  /** Steps that can be left out: name, title, what happens without. */
  readonly switches: readonly (readonly [string, string, string])[];
}

/** C, H, W. */
export type ImageShape = readonly [number, number, number];
/** Height, width. */
export type Sides = readonly [number, number];

/** What all operations share. */
export interface Operation {
  /** Numbers of the operations whose outputs it takes, in order, or INPUT, CLASS. Left out: the operation before. */
  readonly inputs?: readonly number[];
}

/** y = W x + b along the last axis. */
export interface LinearOp extends Operation {
  readonly op: "linear";
  /** (n_out, n_in). */
  readonly weight: string;
  readonly bias: string;
  /** (n_out, Y): the bias of this layer for every class, of a decoder that is told one. */
  readonly biases?: string;
}

/** Cross-correlation with zero padding. */
export interface Conv2dOp extends Operation {
  readonly op: "conv2d";
  /** (n_out, n_in / groups, kernel height, kernel width). */
  readonly weight: string;
  readonly bias: string;
  readonly stride: Sides;
  readonly padding: Sides;
  readonly dilation: Sides;
  readonly groups: number;
}

/** The transpose of a convolution: out = (in − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1. */
export interface ConvTranspose2dOp extends Operation {
  readonly op: "conv_transpose2d";
  /** (n_in, n_out / groups, kernel height, kernel width). */
  readonly weight: string;
  readonly bias: string;
  readonly stride: Sides;
  readonly padding: Sides;
  readonly output_padding: Sides;
  readonly dilation: Sides;
  readonly groups: number;
}

/**
 * Adds rows and columns around a picture; reflect leaves out the edge itself, replicate repeats it, circular goes
 * round.
 */
export interface PadOp extends Operation {
  readonly op: "pad";
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly kind: PadKind;
}

/** The largest or the mean of every window of a picture; what is padded never is the largest. */
export interface PoolOp extends Operation {
  readonly op: "pool";
  readonly kind: PoolKind;
  readonly kernel: Sides;
  readonly stride: Sides;
  readonly padding: Sides;
  readonly dilation: Sides;
  /** Whether windows that begin within the picture and end beyond it count. */
  readonly rounds_up: boolean;
  /** Whether padded zeros count in a mean. */
  readonly counts_padding: boolean;
}

/** The largest or the mean of height × width windows: window i from ⌊i·H/height⌋ to ⌈(i + 1)·H/height⌉. */
export interface AdaptivePoolOp extends Operation {
  readonly op: "adaptive_pool";
  readonly kind: PoolKind;
  readonly height: number;
  readonly width: number;
}

/** Nearest neighbour, by a whole factor. */
export interface UpsampleOp extends Operation {
  readonly op: "upsample";
  readonly scale: number;
}

/** A picture at another size; nearest takes the pixel at ⌊i·(H/height)⌋, in single precision as torch does. */
export interface ResizeOp extends Operation {
  readonly op: "resize";
  readonly kind: ResizeKind;
  readonly height: number;
  readonly width: number;
  /** Bilinear alone: whether the centres of the corner pixels stay corners; else the outer edges do. */
  readonly aligns_corners: boolean;
}

/** (C·r², H, W) to (C, H·r, W·r). */
export interface PixelShuffleOp extends Operation {
  readonly op: "pixel_shuffle";
  readonly factor: number;
}

/** (C, H·r, W·r) to (C·r², H, W). */
export interface PixelUnshuffleOp extends Operation {
  readonly op: "pixel_unshuffle";
  readonly factor: number;
}

/** (x − mean) / √(variance + eps) of every group of channels, the first axis, then a gain and an offset a channel. */
export interface GroupNormOp extends Operation {
  readonly op: "group_norm";
  /** (channels,). */
  readonly weight: string;
  readonly bias: string;
  readonly groups: number;
  readonly eps: number;
}

/** (x − mean) / √(variance + eps) over the last axes, those of its weight, then a gain and an offset. */
export interface LayerNormOp extends Operation {
  readonly op: "layer_norm";
  readonly weight: string;
  readonly bias: string;
  readonly eps: number;
}

/** x·weight + bias with one number of each for a channel, the first axis. */
export interface ChannelAffineOp extends Operation {
  readonly op: "channel_affine";
  /** (channels,). */
  readonly weight: string;
  readonly bias: string;
}

/** Element by element. */
export interface ActivationOp extends Operation {
  readonly op: "activation";
  readonly kind: ActivationKind;
  /** Below 0, of leaky-relu and elu; left out: 0. */
  readonly slope?: number;
}

/** x, and below 0 x·weight with one slope for a channel, the first axis. */
export interface PreluOp extends Operation {
  readonly op: "prelu";
  /** (channels,). */
  readonly weight: string;
}

/** Bounds on every number. */
export interface ClampOp extends Operation {
  readonly op: "clamp";
  readonly low: number;
  readonly high: number;
}

/** x·by + plus. */
export interface ScaleOp extends Operation {
  readonly op: "scale";
  readonly by: number;
  readonly plus: number;
}

/** Two inputs number by number, broadcast as numpy does. */
export interface CombineOp extends Operation {
  readonly op: "combine";
  readonly kind: CombineKind;
}

/** A tensor that depends on no input. */
export interface ConstantOp extends Operation {
  readonly op: "constant";
  readonly weight: string;
}

/** The matrix product of two inputs (…, n, k) and (…, k, m), broadcast as numpy does. */
export interface MatMulOp extends Operation {
  readonly op: "matmul";
}

/** exp(x) / Σ exp(x) along an axis. */
export interface SoftmaxOp extends Operation {
  readonly op: "softmax";
  readonly axis: number;
}

/** The mean, sum or largest along axes. */
export interface ReduceOp extends Operation {
  readonly op: "reduce";
  readonly kind: ReduceKind;
  readonly axes: readonly number[];
  /** Whether the axes stay, of length 1; where all of them go, one number is left, (1,). */
  readonly keeps: boolean;
}

/** Its inputs, one after the other along an axis. */
export interface ConcatOp extends Operation {
  readonly op: "concat";
  readonly axis: number;
}

/** From start up to, not including, stop along an axis, every step-th. */
export interface SliceOp extends Operation {
  readonly op: "slice";
  readonly axis: number;
  readonly start: number;
  readonly stop: number;
  readonly step: number;
}

/** The same numbers in the same order. */
export interface ReshapeOp extends Operation {
  readonly op: "reshape";
  readonly shape: readonly number[];
}

/** Axes in another order: axis i of the output is axis axes[i] of the input. */
export interface PermuteOp extends Operation {
  readonly op: "permute";
  readonly axes: readonly number[];
}

/** (C, H, W) to (C·H·W,). */
export interface FlattenOp extends Operation {
  readonly op: "flatten";
}

/** (C·H·W,) to `shape`. */
export interface UnflattenOp extends Operation {
  readonly op: "unflatten";
  readonly shape: ImageShape;
}

/** Keeps the top left height × width. */
export interface CropOp extends Operation {
  readonly op: "crop";
  readonly height: number;
  readonly width: number;
}

/** Adds one number to every pixel. */
export interface BiasOp extends Operation {
  readonly op: "bias";
  /** (C, H, W). */
  readonly bias: string;
}

/** Adds to every pixel's logit what the pixels before it say. */
export interface AutoregressOp extends Operation {
  readonly op: "autoregress";
  readonly weight: string;
  readonly bias: string;
  readonly out: string;
}

/** Pictures of a decoder that is not known, on a line or a square of codes. */
export interface GridTableOp extends Operation {
  readonly op: "lattice";
  /** (size ** K, C·H·W) bytes, the first dimension fastest. */
  readonly pictures: string;
  readonly shape: ImageShape;
  /** Codes from `low` to `high` in each dimension. */
  readonly size: number;
  readonly low: number;
  readonly high: number;
}

/** Pictures of a decoder that is not known, at n codes anywhere. */
export interface ScatteredTableOp extends Operation {
  readonly op: "gallery";
  /** (n, C·H·W) bytes. */
  readonly pictures: string;
  /** (n, K). */
  readonly codes: string;
  readonly shape: ImageShape;
}

/** One layer. */
export type Op =
  | LinearOp
  | Conv2dOp
  | ConvTranspose2dOp
  | PadOp
  | PoolOp
  | AdaptivePoolOp
  | UpsampleOp
  | ResizeOp
  | PixelShuffleOp
  | PixelUnshuffleOp
  | GroupNormOp
  | LayerNormOp
  | ChannelAffineOp
  | ActivationOp
  | PreluOp
  | ClampOp
  | ScaleOp
  | CombineOp
  | ConstantOp
  | MatMulOp
  | SoftmaxOp
  | ReduceOp
  | ConcatOp
  | SliceOp
  | ReshapeOp
  | PermuteOp
  | FlattenOp
  | UnflattenOp
  | CropOp
  | BiasOp
  | AutoregressOp
  | GridTableOp
  | ScatteredTableOp;

/** Of the bytes of one map. */
export const PAYLOAD_FORMAT = "latent-atlas";
export const PAYLOAD_VERSION = 2;
/** Of the bytes of all maps of a run. */
export const BUNDLE_FORMAT = "latent-atlas-book";
export const BUNDLE_VERSION = 1;
/** A to Z; the oldest goes. */
export const MAX_PINS = 26;
/** Letters of a pin's name. */
export const MAX_NAME = 40;
/** Steps that can be taken back. */
export const MAX_PAST = 60;
/** Names of events that are remembered: more than can be under way at once. */
export const MAX_TAKEN = 60;

/** x and y on a map. */
export type Point = readonly [number, number];
/** x0, x1, y0, y1 of a part of a map. */
export type Extent = readonly [number, number, number, number];
/** z (K,). */
export type Code = readonly number[];
export type ArrayType = "float32" | "float16" | "uint8" | "int32" | "int16";

/** A place that the person kept: where on the map, and which code it stands for. */
export interface PinRecord {
  /** A to Z. */
  readonly label: string;
  readonly map: Point;
  readonly z: Code;
  /** What the person calls it. */
  readonly name?: string;
}

/** Half-axes in map units. */
export interface Ellipse {
  readonly rx: number;
  readonly ry: number;
}

/** Something that the host put on the map. */
export interface MarkerRecord {
  readonly label: string;
  readonly map: Point;
  readonly z: Code;
  /** One posterior standard deviation. */
  readonly ellipse?: Ellipse | null;
}

/** A path of another kind between the same stops: drawn thin, and one of them played beside. */
export interface OtherPathRecord {
  /** Its kind. */
  readonly title: string;
  /** T codes. */
  readonly z: readonly Code[];
  /** Their places. */
  readonly map: readonly Point[];
  /** The class as which each code is decoded (T,), of a class-conditional model. */
  readonly labels?: readonly number[] | null;
}

/** A number for every frame of a path, or one for every class of every frame, drawn under its film. */
export interface StripRecord {
  readonly name: string;
  readonly definition: string;
  /** (T,) or (T, Y). */
  readonly values: readonly number[] | readonly (readonly number[])[];
  /** Of the scale, which begins at 0. */
  readonly top: number;
  /** What the values are, where the card beside the map tells of it too, in the same words. */
  readonly of?: "density" | "classes" | "";
}

/** From one stop of a path to the next, where a geodesic is wanted. */
export interface LegRecord {
  readonly a: Code;
  readonly b: Code;
  /** The class as which the first stop is decoded; null for a decoder that is told none. */
  readonly label_a?: number | null;
  /** The class of the second. */
  readonly label_b?: number | null;
  /** Which run it was, for a host that keeps what was found. */
  readonly of?: string;
}

/** An interpolation to be played. */
export interface PathRecord {
  readonly title: string;
  /** T codes. */
  readonly z: readonly Code[];
  /** Their places. */
  readonly map: readonly Point[];
  /** Names of the first and the last stop. */
  readonly ends: readonly string[];
  readonly others?: readonly OtherPathRecord[];
  /** What is measured along it. */
  readonly strips?: readonly StripRecord[];
  /** Its end is its beginning. */
  readonly is_loop?: boolean;
  /** Places of its stops, in their order. */
  readonly stops?: readonly Point[];
  /** The class as which each code is decoded (T,), of a class-conditional model; null: the chosen one. */
  readonly labels?: readonly number[] | null;
  /** Legs whose geodesic the page is to find, and to tell the host. */
  readonly missing?: readonly LegRecord[];
  /** It plays until its geodesic is found. */
  readonly is_meanwhile?: boolean;
}

/** A picture of the person's own, whose posterior is shown. */
export interface SubjectRecord {
  readonly label: string;
  readonly mu: Code;
  /** 0 where the code is a point. */
  readonly std: Code;
  /** What the model was fed, (C·H·W,) bytes in base64, where it is the picture itself and no stand-in. */
  readonly x: string | null;
}

/** A code that the card shows at the probe until the person moves: no place of the map stands for it. */
export interface ExactCode {
  readonly z: Code;
  readonly label: string;
}

/** Whether the host can take the pins back, and forth again. */
export interface Undo {
  readonly back: boolean;
  readonly forth: boolean;
}

/** How a host wants the surface. */
export interface Options {
  readonly pinnable: boolean;
  readonly hint: boolean;
  readonly manifold: boolean;
  readonly rings: boolean;
  /** For a narrow column: the map, and below it the picture with what is said of it. */
  readonly compact: boolean;
  /**
   * Beside the map only the decoded picture, in a corner, until the person opens the rest: for a page with columns of
   * its own.
   */
  readonly folded: boolean;
  /** Surfaces of one page with the same name move together: their runs have the same test images. */
  readonly link: string;
  /** Its place among maps beside each other, from 1, by which the page's link knows it; 0 for a map alone. */
  readonly column: number;
  /**
   * A drawing pad, with what it must know of the data set; it also takes pictures that are pasted, dropped or taken.
   */
  readonly pad: PictureProtocol | null;
  /** The host looks at what was drawn when it is handed over. */
  readonly pad_hands_over: boolean;
  /** A path can be drawn by hand, of which the host hears. */
  readonly drawable: boolean;
  /** The film of the run's training can be asked for; the host puts it in the map's place. */
  readonly film: boolean;
  /** The host has the run as a web page in its menu for sharing, and opens that menu when it is asked for. */
  readonly saves_page: boolean;
}

/** The part that changes at every rerun of the host; small. */
export interface Dynamic {
  readonly pins: readonly PinRecord[];
  readonly path: PathRecord | null;
  readonly markers: readonly MarkerRecord[];
  readonly probe: Point | null;
  readonly exact: ExactCode | null;
  /** Names of the pin events that the host has counted. */
  readonly taken: readonly string[];
  /** Whose posterior is shown, unless the pad has a drawing. */
  readonly subject: SubjectRecord | null;
  readonly undo: Undo;
  /**
   * Of the whole surface, CSS pixels, 0 for as much as the window has below its upper edge; of a column or a map alone,
   * of its map.
   */
  readonly height: number;
  /**
   * Where the program is that searches for true posteriors and geodesics, from the page's own address on; "" where the
   * page has it.
   */
  readonly searches: string;
  /**
   * Where the program is that plays piano rolls, from the page's own address on; "" where the page has it or does
   * without it.
   */
  readonly sound: string;
  readonly options: Options;
}

/** How codes become places on the map. */
export interface ProjectionRecord {
  readonly name: string;
  readonly kind: ProjectionKind;
  readonly title: string;
  readonly x_label: string;
  readonly y_label: string;
  /** What a place stands for, and how far to trust the map. */
  readonly note: string;
  readonly extent: Extent;
  /** Whether circles of the prior are circles on this map. */
  readonly rings: boolean;
  readonly ring_center: Point;
}

/** Which run this is. */
export interface RunRecord {
  readonly id: string;
  readonly dataset: string;
  readonly latent_dim: number;
  readonly image_shape: ImageShape;
}

/** How pictures that are piano rolls are heard: a column is a step of time, a row is a pitch, the lowest below. */
export interface PianoRoll {
  /** Of the lowest row, in semitones as MIDI counts them: 69 is the A of 440 Hz. */
  readonly lowest_pitch: number;
  readonly steps_per_beat: number;
  readonly beats_per_minute: number;
}

/** On n pictures that were not learned from; see trainer/models/picture_classifier.py. */
export interface Scores {
  readonly n: number;
  readonly accuracy: number;
  /** −log p(y|x), nats. */
  readonly nll: number;
  /** Expected calibration error. */
  readonly ece: number;
}

/** How good the classifier of decoded pictures is. */
export interface ClassifierFacts {
  /** On test images. */
  readonly images: Scores;
  /** On what the decoder makes of them. */
  readonly decoded: Scores;
}

/** What is to be known of a run and one of its maps, beside the arrays. */
export interface MapHeader {
  readonly format: string;
  readonly version: number;
  readonly run: RunRecord;
  /** Only of runs whose pictures are piano rolls. */
  readonly roll?: PianoRoll;
  readonly class_names: readonly string[];
  /** The class that a conditional model's decoder is told here; null for one that is told none. */
  readonly decoded_as: string | null;
  /** Its number among `class_names`: what operations that take the class, and `biases`, are told. */
  readonly label: number | null;
  /** Names of the columns of `points_factors`. */
  readonly factor_names: readonly string[];
  readonly likelihood: LikelihoodName;
  /** What the pictures are, where they are not the decoder's own; only of imported runs. */
  readonly decoder_note?: string;
  /** Log scale of a Gaussian or Laplace pixel; null where p(x|z) depends on more than is here. */
  readonly log_sigma?: number | null;
  readonly encoder: readonly Op[];
  readonly decoder: readonly Op[];
  /** Of decoded pictures; not every run has one. */
  readonly classifier?: readonly Op[];
  readonly classifier_facts?: ClassifierFacts;
  readonly projection: ProjectionRecord;
  /** Where the first camera looks. */
  readonly view_extent: Extent;
}

/** As packed. */
export interface NamedHeader extends MapHeader {
  /** Hash of everything else, arrays included. */
  readonly id: string;
}

/** Where an array lies among the bytes. */
export interface ArrayEntry {
  readonly dtype: ArrayType;
  readonly shape: readonly number[];
  /** A multiple of 8. */
  readonly offset: number;
  readonly nbytes: number;
  readonly codec: "raw" | "zlib";
}

/** The JSON before the arrays of one map. */
export interface Header extends NamedHeader {
  readonly arrays: Readonly<Record<string, ArrayEntry>>;
  /** The arrays were left out, because the page has them already or fetches them. */
  readonly reference?: boolean;
  /** Of a reference: where all of the map is, from the page's own address on; "" or missing where the page has it. */
  readonly address?: string;
}

/** Where an array lies in the pool. */
export interface PoolEntry {
  readonly dtype: ArrayType;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly nbytes: number;
}

/** One map, of a conditional run as one class. */
export interface BundleEntry {
  readonly map: string;
  readonly label: string | null;
  readonly header: NamedHeader;
  /** Number of each array in the pool. */
  readonly arrays: Readonly<Record<string, number>>;
}

/** Where the run's pictures come from. */
export interface BundleSource {
  readonly dataset: string;
  readonly licence: string;
  /** Test images. */
  readonly n: number;
}

/** What the page says and offers beside the map. */
export interface BundleContents {
  readonly format: string;
  readonly version: number;
  readonly title: string;
  readonly facts: readonly string[];
  /** Terms of the facts, each with what it means. */
  readonly meanings: readonly (readonly [string, string])[];
  readonly units: string;
  readonly source: BundleSource;
  readonly has_prior: boolean;
  readonly paths: readonly LatentPathKind[];
  readonly pad: PictureProtocol;
  readonly leaves: readonly BundleEntry[];
  readonly pool: readonly PoolEntry[];
}

/** Of images that a page can learn from: arrays `images` (N, C, H, W) uint8 and `labels` (N,) int16, −1 for none. */
export interface TrainingHeader {
  /** Tells one set of images from another. */
  readonly id: string;
  /** What they are called. */
  readonly dataset: string;
  readonly licence: string;
  readonly image_shape: ImageShape;
  readonly class_names: readonly string[];
  /** So many images, the first, are learned from; the others are held back. */
  readonly n_train: number;
  readonly arrays: Readonly<Record<string, ArrayEntry>>;
}

/** Images that the app has. */
export interface ImageOffer {
  /** By which they are asked for. */
  readonly name: string;
  readonly title: string;
}

/** How a lesson's training begins. */
export interface TrainingBegin {
  /** Of the step that shows it: the same one goes on. */
  readonly key: string;
  readonly beta: number;
  readonly latent_dim: number;
  readonly seed: number;
  readonly learning_rate: number;
  readonly noise: boolean;
  /** β of a second training beside it; null for one alone. */
  readonly beside: number | null;
}

/** What the app tells the page besides its images. */
export interface AppTraining {
  readonly offers: readonly ImageOffer[];
  /** Whether it makes a run of a training. */
  readonly keeps: boolean;
  /** Of a lesson; null on the Train page. */
  readonly begin: TrainingBegin | null;
}

/** A plane onto which codes are dropped: arrays `basis.NAME` (2, K) and `origin.NAME` (K,). */
export interface FilmMap {
  readonly name: string;
  readonly title: string;
  readonly x_label: string;
  readonly y_label: string;
}

/**
 * How the codes of M test images moved in T moments of a training: arrays `mu` (T, M, K), `epoch` (T,), `label` and
 * `index` (M,). Of the history, a row for each moment: `reconstruction` and `kl` (T,), nats a test image, and
 * `kl_per_dim` (T, K); NaN before the first. The decoder at T' of the moments: `moment` (T',), and each array that
 * `decoder` names, (T', …).
 */
export interface FilmHeader {
  readonly id: string;
  readonly run: string;
  readonly dataset: string;
  readonly image_shape: ImageShape;
  readonly latent_dim: number;
  readonly class_names: readonly string[];
  /** Codes are points: there is no KL. */
  readonly is_deterministic: boolean;
  readonly likelihood: LikelihoodName;
  readonly decoder: readonly Op[];
  /** The class that a conditional model's decoder is told; null for one that is told none. */
  readonly decoded_as: string | null;
  /**
   * A sentence where the weights of the film were not kept: the one decoder is then that of the end. Empty where they
   * were kept.
   */
  readonly why_no_decoder: string;
  readonly maps: readonly FilmMap[];
  readonly arrays: Readonly<Record<string, ArrayEntry>>;
}

/**
 * A training on the server after one of its steps; before the first only what was asked for, and no arrays. Arrays `mu`
 * (M, K), `label` and `index` (M,), `kl_per_dim` (K,), and what `decoder` names; of the R epochs that are over the
 * means over images (R,) `history.step`, `history.train_reconstruction`, `history.train_kl`,
 * `history.test_reconstruction`, `history.test_kl`, nats.
 */
export interface LiveHeader {
  readonly id: string;
  /** Of the training, on its server. */
  readonly number: number;
  readonly run: string;
  readonly phase: "waiting" | "running" | "paused" | "ended";
  /** Whether this person may change β and the learning rate. */
  readonly steers: boolean;
  readonly is_begun: boolean;
  readonly dataset: string;
  readonly image_shape: ImageShape;
  readonly latent_dim: number;
  readonly class_names: readonly string[];
  /** Codes are points: there is no KL. */
  readonly is_deterministic: boolean;
  readonly likelihood: LikelihoodName;
  readonly decoder: readonly Op[];
  /** The class as which a conditional model decodes. */
  readonly decoded_as: string | null;
  /** A sentence where its weights are too many to be sent; empty where they are here. */
  readonly why_no_decoder: string;
  /** So many are done. */
  readonly step: number;
  /** Of the whole training. */
  readonly n_steps: number;
  /** So many are done; fractions count. */
  readonly epoch: number;
  /** Weight of the KL at this step. */
  readonly beta: number;
  /** Adam's step size at this step. */
  readonly learning_rate: number;
  /** What was asked for, to which a schedule leads. */
  readonly set_beta: number;
  readonly set_learning_rate: number;
  /** −E log p(x|z) of the M images, nats an image. */
  readonly reconstruction: number;
  /** The same of the KL. */
  readonly kl: number;
  readonly arrays: Readonly<Record<string, ArrayEntry>>;
}

/** A plane onto which codes z (K,) are dropped: place = basis · (z − origin). */
export interface FilmPlaneRecord {
  readonly title: string;
  readonly x_label: string;
  readonly y_label: string;
  /** (2·K,), two orthonormal rows. */
  readonly basis: readonly number[];
  /** (K,). */
  readonly origin: readonly number[];
}

/** The film of a page that has no server; it stands before the film's own header. */
export interface FilmBundle {
  /** By the names of the run's maps. */
  readonly shown: Readonly<Record<string, FilmShown>>;
}

/** What the film's component is given in the app. */
export interface AppFilm {
  readonly shown: FilmShown;
  /** Of the film's bytes, from the page's own address on; another film has another one. */
  readonly address: string;
}

/** How a host wants a film to be shown; it stands before the film's own header. */
export interface FilmShown {
  /** null where the two dimensions themselves are the map. */
  readonly plane: FilmPlaneRecord | null;
  /** A sentence about the map; empty where nothing is to be said. */
  readonly note: string;
  /** Films of one page with the same name move together; empty for one alone. */
  readonly link: string;
  /** Whether Esc brings the map back; of several films on a page one does it for all. */
  readonly leaves: boolean;
  /** Of the map, CSS pixels; 0 for as much as the window has. */
  readonly height: number;
}

export type Comparison = "<" | "<=" | ">" | ">=" | "=" | "!=";
/** The number of a choice from 0, a number, or a code. */
export type LessonAnswer = number | readonly number[];

/** One comparison of a condition; subjects are those of `explorer/lessons/conditions.py`. */
export interface LessonClause {
  readonly subject: string;
  /** A class, or a dimension from 1; "" for the whole. */
  readonly of: string;
  readonly relation: Comparison;
  readonly value: number | string;
}

/** What is to be done in the step. */
export interface LessonTask {
  readonly key: string;
  /** All of them have to hold at once. */
  readonly clauses: readonly LessonClause[];
}

/** How far a visitor is in a lesson; the browser keeps it. */
export interface LessonPlace {
  /** From 1; the one that was opened last. */
  readonly step: number;
  /** Keys of tasks. */
  readonly done: readonly string[];
  /** By the keys of questions. */
  readonly answers: Readonly<Record<string, LessonAnswer>>;
}

/** What the app tells the browser. */
export interface LessonTold {
  /** "" for the list of lessons. */
  readonly lesson: string;
  /** Of the open lesson, as the app knows it. */
  readonly place: LessonPlace;
  readonly tasks: readonly LessonTask[];
  /** Whose map the tasks are about, or the key of the training: another one on the page does none of them. */
  readonly run: string;
  readonly n_steps: number;
  /**
   * Whether it is shown to a room or to who speaks there: windows of this browser with the same lesson go to the same
   * step.
   */
  readonly is_followed: boolean;
}

/** A piece of what is said of a term. */
export interface LessonWord {
  /** A formula is code here: its LaTeX. */
  readonly kind: "text" | "strong" | "emphasis" | "code";
  readonly text: string;
}

/** A part of a formula that is explained where its chip is pointed at. */
export interface LessonTerm {
  readonly name: string;
  readonly words: readonly LessonWord[];
  /** The layer of the map that is lit meanwhile; "" for none. */
  readonly light: string;
  /** Of the chip, as the formula has it: #rrggbb. */
  readonly colour: string;
}

/** The chips below a formula. */
export interface LessonTerms {
  readonly terms: readonly LessonTerm[];
}

export type PieceName = "encoder" | "darts" | "integrate" | "gradients" | "surgery";

/** What the app tells an interactive piece beside a lesson's text. */
export interface PieceTold {
  /** Of the step that shows it: the same one goes on. */
  readonly key: string;
  readonly piece: PieceName;
  /** Of `gradients`: where the derivative is taken. */
  readonly theta: number;
  /** Shown to a room: in letters that are read from the last row. */
  readonly is_room: boolean;
  /** Where what it is about is fetched once (`PieceHeader` and its arrays); "" of a piece that is about no image. */
  readonly address: string;
}

/**
 * One image of a run, and the decoder that says p(x|z) of it. Arrays: those that `decoder` names, `picture` (C, H, W)
 * uint8, and `mu` and `logvar` (2,) of q(z|x), the encoder's Gaussian for it.
 */
export interface PieceHeader {
  readonly id: string;
  readonly run: string;
  readonly dataset: string;
  /** Number of the test image, from 0. */
  readonly image: number;
  /**
   * The images are not on this machine: the picture is the decoding of the image's code, and `mu` and `logvar` are of
   * that picture.
   */
  readonly is_decoding: boolean;
  readonly image_shape: ImageShape;
  readonly likelihood: LikelihoodName;
  /** Log scale of every pixel; 0 where the likelihood has none. */
  readonly log_sigma: number;
  readonly decoder: readonly Op[];
  readonly arrays: Readonly<Record<string, ArrayEntry>>;
}

/** A map of a run. */
export interface SiteMap {
  readonly name: string;
  readonly title: string;
}

/** A run of the site. */
export interface SiteRun {
  readonly name: string;
  /** Title of its data set. */
  readonly data: string;
  readonly model: string;
  /** What it is, with its bound. */
  readonly sentence: string;
  /** The clinic's, a sentence. */
  readonly verdict: string;
  /** Of the verdict. */
  readonly tone: "good" | "bad" | "none";
  /** Files of its map, small, for a light and for a dark page. */
  readonly pictures: readonly [string, string];
  readonly maps: readonly SiteMap[];
  /** Classes that its decoder can be given; none for most models. */
  readonly labels: readonly string[];
  /** The same for runs with the same test images in the same order. */
  readonly images: string;
  /** Part with what its first map needs. */
  readonly first: string;
  /** Part with the encoder, the other maps and classes. */
  readonly rest: string;
  /** Part with the film of its training. */
  readonly film: string;
}

/** A lesson of the site, in the list. */
export interface SiteLesson {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly minutes: number;
  readonly needs: string;
  readonly language: string;
  readonly lecture: string;
  readonly n_steps: number;
  /** Keys of its tasks. */
  readonly tasks: readonly string[];
  readonly part: string;
}

/** Images to learn from. */
export interface SiteImages {
  readonly name: string;
  readonly title: string;
  readonly part: string;
}

/** What there is. */
export interface SiteIndex {
  readonly runs: readonly SiteRun[];
  readonly lessons: readonly SiteLesson[];
  readonly images: readonly SiteImages[];
  /** Files of the programs that come when they are needed: film, train, math. */
  readonly programs: Readonly<Record<string, string>>;
}

/**
 * A piece of prose. Kinds are those of `explorer/lessons/prose.py`, but "math" and "data-cell", and "absent" for a link
 * to a page that only the app has.
 */
export interface SiteNode {
  readonly kind: string;
  /** What a leaf says, of a number with its unit; of a link its address. */
  readonly text: string;
  readonly children: readonly SiteNode[];
  /** Of a number its definition. */
  readonly title?: string;
}

/** What is read. */
export interface SiteText {
  readonly kind: "text";
  readonly text: readonly SiteNode[];
}

/** What is to be done. */
export interface SiteTask {
  readonly kind: "task";
  readonly key: string;
  readonly do: readonly SiteNode[];
  readonly hint: readonly SiteNode[];
  readonly clauses: readonly LessonClause[];
}

/** What all questions share; their answers are told after a person's own. */
export interface SiteQuestion {
  readonly key: string;
  readonly question: readonly SiteNode[];
  readonly because: readonly SiteNode[];
}

/** A question with choices. */
export interface SiteChoice extends SiteQuestion {
  readonly kind: "choice";
  readonly choices: readonly (readonly SiteNode[])[];
  /** From 0. */
  readonly right: number;
}

/** A question for a number of a run. */
export interface SiteNumber extends SiteQuestion {
  readonly kind: "number";
  readonly unit: string;
  readonly value: number;
  readonly tolerance: number;
  /** The number with its unit. */
  readonly truth: string;
}

/** A question for a place of the map. */
export interface SitePlace extends SiteQuestion {
  readonly kind: "place";
  readonly place: Point;
  readonly tolerance: number;
  readonly truth: string;
}

/** A number of a run. */
export interface SiteMeasure {
  readonly text: string;
  readonly words: string;
  readonly definition: string;
}

/** Numbers of runs below each other. */
export interface SiteNumbers {
  readonly kind: "numbers";
  readonly numbers: readonly SiteMeasure[];
}

/** A part of a formula that is explained. */
export interface SiteTerm {
  readonly name: string;
  readonly words: readonly SiteNode[];
}

/** A formula on a line of its own. */
export interface SiteFormula {
  readonly kind: "math";
  readonly tex: string;
  readonly terms: readonly SiteTerm[];
}

export type SiteBlock = SiteText | SiteTask | SiteChoice | SiteNumber | SitePlace | SiteNumbers | SiteFormula;

/** What stands beside the text. */
export interface SiteScene {
  /** The same for steps that show the same; of a training the name by which tasks know it. */
  readonly key: string;
  readonly run: string;
  /** Map, class and pins, as the part of the address after # has them. */
  readonly page: string;
  /** What else is on the screen, too. */
  readonly screen: string;
  /** Of a training: by name, what it learns from. */
  readonly images?: string;
  readonly begin?: TrainingBegin;
  /** An interactive piece. */
  readonly piece?: PieceTold;
  /** Part with the image that it is about; "" of one that is about none. */
  readonly subject?: string;
}

/** What is on one screen. */
export interface SiteStep {
  readonly title: readonly SiteNode[];
  readonly view: SiteScene;
  readonly blocks: readonly SiteBlock[];
}

/** A whole lesson. */
export interface SiteLessonText {
  readonly name: string;
  readonly title: string;
  readonly language: string;
  readonly has_formulas: boolean;
  readonly steps: readonly SiteStep[];
}

export const DEFAULT_OPTIONS: Options = {
  pinnable: true,
  hint: true,
  manifold: false,
  rings: true,
  compact: false,
  folded: false,
  link: "",
  column: 0,
  pad: null,
  pad_hands_over: false,
  drawable: false,
  film: false,
  saves_page: false,
};

export const DEFAULT_DYNAMIC: Dynamic = {
  pins: [],
  path: null,
  markers: [],
  probe: null,
  exact: null,
  taken: [],
  subject: null,
  undo: { back: false, forth: false },
  height: 560,
  searches: "",
  sound: "",
  options: DEFAULT_OPTIONS,
};
